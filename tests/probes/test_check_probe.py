"""check_probe finds what is wrong; what is documented runs."""

import re

import numpy as np
import pytest
import torch

import shiftscope
from shiftscope.probe import Quantity, Study
from shiftscope.testing import ProbeCheckError, check_probe
from tests.conftest import REPOSITORY
from tests.probes.own import largest, observing, studying
from tests.probes.toys.dead_values import DEAD_VALUES
from tests.probes.toys.weight_norm import WEIGHT_NORM


@pytest.mark.parametrize("probe", [WEIGHT_NORM, DEAD_VALUES, observing(largest)], ids=lambda probe: probe.name)
def test_probes_that_are_right_pass_the_check(probe):
    check_probe(probe)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (observing(lambda values: 1 / 0), "ZeroDivisionError"),
        (observing(lambda values: values.std(correction=0) / values.std(correction=0)), "alike.*undefined"),
        (observing(lambda values: values.add_(1).max(), restores=True), "training ends with another 0.hidden 1"),
        (observing(lambda values: torch.rand(()), restores=True), "draws random numbers"),
        (studying(lambda setup: Study()), "it declares largest, and records nothing"),
        (studying(lambda setup: setup.add(Quantity("other", "1", "x")) and Study()), "'other', which it does not decl"),
    ],
)
def test_what_is_wrong_is_found(probe, message):
    with pytest.raises(ProbeCheckError, match=message):
        check_probe(probe)


def test_a_value_that_is_not_the_expected_one():
    check_probe(observing(largest), expected=lambda value: np.abs(value.values).max())
    with pytest.raises(ProbeCheckError, match=r"step 0: largest of hidden 1 pre_activation is .*expected"):
        check_probe(observing(largest), expected=lambda value: value.values.max())


def test_the_documented_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "probes.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    namespace = {}
    for block in blocks:
        exec(block, namespace)
    with shiftscope.open_recording(tmp_path / "tails.shiftscope") as recording:
        for layer in ("0", "3"):
            values = recording.values("tails", "kurtosis", network="mine", layer=layer, site="pre_activation")
            assert values.shape == recording.steps("tails").shape
            assert (values > 1).all()
    with shiftscope.open_recording(tmp_path / "held-out.shiftscope") as recording:
        losses = recording.values("held_out", "held_out_loss", network="mine")
        assert losses[-1] < losses[0]
    assert "3." in capsys.readouterr().out
