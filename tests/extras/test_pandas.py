"""A recording's table as a data frame."""

import pytest
import torch

from shiftscope.recording.reader import open_recording
from shiftscope.scope import watch
from shiftscope.testing import networks

pandas = pytest.importorskip("pandas")

pytestmark = pytest.mark.extras


def test_a_table_is_a_data_frame(tmp_path):
    network = networks.mlp()
    with watch({"net": network}, to=tmp_path / "run.shiftscope") as scope:
        network(torch.randn(8, 6)).square().mean().backward()
        scope.step()
    with open_recording(tmp_path / "run.shiftscope") as recording:
        table = recording.table("layers")
        assert isinstance(table, pandas.DataFrame)
        assert len(table) == len(list(recording.rows("layers")))
        assert table.query("quantity == 'gradient_norm'")["value"].notna().all()
