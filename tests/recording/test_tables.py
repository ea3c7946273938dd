"""A recording as one long table, and what it says that it holds."""

import builtins

import numpy as np
import pytest
import torch

from shiftscope.recording.documents import RunInfo
from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter
from shiftscope.scope import watch
from shiftscope.testing import networks
from shiftscope.wire.frames import Entry, Frame, Layout, RunHeader, encode, find_entry


@pytest.fixture
def recording(tmp_path):
    network = networks.mlp()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with watch({"net": network}, to=tmp_path / "run.shiftscope", optimizer=optimizer, schedule=1) as scope:
        for step in range(4):
            network(torch.randn(8, 6)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
            scope.log(loss=1.0, **{"val/loss": float(step)})
    with open_recording(tmp_path / "run.shiftscope") as opened:
        yield opened


def test_each_number_is_a_row(recording):
    rows = list(recording.rows("layers"))
    assert set(rows[0]) == {"step", "network", "layer", "site", "quantity", "index", "coordinate", "value"}
    singles = [entry for entry in recording.layouts["layers"].entries if entry.size == 1]
    assert len(rows) == 4 * len(singles)
    where = {"layer": "hidden 1", "site": "pre_activation"}
    found = [
        row["value"] for row in rows
        if row["quantity"] == "mean" and all(row[key] == value for key, value in where.items())
    ]  # fmt: skip
    assert found == recording.values("layers", "mean", network="net", **where).tolist()


def test_what_has_a_shape_is_named(recording):
    where = {"layer": "hidden 1", "site": "pre_activation"}
    rows = [row for row in recording.rows("layers", ["quantiles"]) if where.items() <= row.items()]
    expected = recording.values("layers", "quantiles", **where)
    levels = recording.coordinates("layers", "quantiles", **where)
    assert [row["coordinate"] for row in rows] == list(np.repeat(levels, 4))
    assert [row["value"] for row in rows] == expected.T.ravel().tolist()
    with pytest.raises(KeyError, match="has no 'quantile'; it has"):
        list(recording.rows("layers", ["quantile"]))


def test_of_one_network_the_name_need_not_be_given(recording):
    where = {"layer": "hidden 1", "site": "pre_activation"}
    named = recording.values("layers", "std", network="net", **where)
    np.testing.assert_array_equal(recording.values("layers", "std", **where), named)
    assert recording.values("logged_loss", "loss").tolist() == [1.0] * 4
    with pytest.raises(KeyError, match="has no"):
        recording.values("layers", "std", network="other", **where)


def test_the_nearest_layer_is_named_first():
    entries = [Entry(layer=f"block {at}", quantity="mean", offset=at) for at in range(40)]
    entries.append(Entry(layer="stem", quantity="mean", offset=40))
    with pytest.raises(KeyError, match="has no stemm / mean; it stands at stem / mean; block 0 / mean; "):
        find_entry(Layout(stream=1, name="layers", entries=tuple(entries)), "mean", layer="stemm")


def test_what_was_logged_is_read_by_its_name(tmp_path):
    two = {"a": networks.mlp(), "b": networks.mlp()}
    with watch(two, to=tmp_path / "run.shiftscope", schedule=1) as scope:
        for step in range(3):
            for network in two.values():
                network(torch.randn(8, 6)).square().mean().backward()
            scope.step()
            scope.log(**{"val/loss": step, "margin": {"a": step + 0.25, "b": step + 0.5}})
    with open_recording(tmp_path / "run.shiftscope") as recording:
        rows = list(recording.rows("scalars"))
        found = {(row["quantity"], row["network"]) for row in rows}
        assert found == {("val/loss", ""), ("margin", "a"), ("margin", "b")}
        assert [(row["step"], row["value"]) for row in rows if row["network"] == "b"] == [(1, 0.5), (2, 1.5), (3, 2.5)]
        assert len(list(recording.rows("scalars", ["val/loss"]))) == 3
        assert recording.values("scalars", "margin", network="a").tolist() == [0.25, 1.25, 2.25]
        assert recording.values("scalars", "val/loss").tolist() == [0, 1, 2]
        assert recording.steps_of("scalars", "val/loss").tolist() == [1, 2, 3]
        assert recording.contents()["scalars"] == ["val/loss, 1 place", "margin, 2 places"]
        raw = [row["value"] for row in recording.rows("scalars", ["scalar_value"])]
        assert recording.values("scalars", "scalar_value").tolist() == raw  # as the frames have them
        with pytest.raises(KeyError, match="has no val_loss; logged were val/loss, margin"):
            recording.values("scalars", "val_loss")
        with pytest.raises(KeyError, match="has no margin; it was logged of a, b"):
            recording.values("scalars", "margin")


def test_a_stream_without_entries_is_a_table_without_rows(tmp_path):
    nothing = Layout(stream=1, name="layers", entries=())
    info = RunInfo(id="run", name="run", source="script", created=1.0)
    writer = RecordingWriter.create(tmp_path / "run.shiftscope", info)
    writer.begin(RunHeader(networks=(), layouts=(nothing,)))
    writer.append([Frame.parse(encode(1, 1, 0, 0.0, np.empty(0, dtype=np.float32)))])
    writer.close()
    with open_recording(tmp_path / "run.shiftscope") as opened:
        assert list(opened.rows("layers")) == []
        assert opened.steps("layers").tolist() == [0]


def test_what_is_there(recording):
    found = recording.contents()
    assert any(line.startswith("mean") and "places" in line for line in found["layers"])
    assert any(line.startswith("histogram") and "of shape (64,)" in line for line in found["layers"])


def test_without_pandas_a_sentence_says_what_to_do(recording, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest, **more):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"shiftscope\[pandas\]'?, or take rows\(\)"):
        recording.table("layers")
