"""A scope that goes on in another's recording compares and counts as that one would have."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.engine.schedules import every
from shiftscope.engine.scope_state import ScopeState
from shiftscope.kernels.tensor_memory import VARIABLE
from shiftscope.testing.collecting import Collecting

STEPS, CUT = 6, 3


def train(resumed: bool, as_object: bool = False) -> tuple[dict[tuple[str, int], np.ndarray], Collecting]:
    """Train some steps, a pass of which fails at first, with one scope or two; return the rows."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)

    def watch(sink: Collecting, state: ScopeState | Mapping[str, Any] | None) -> shiftscope.Scope:
        schedules = {"batch_drift": every(1)}
        return shiftscope.watch(
            network, to=sink, optimizer=optimizer, schedule=every(1), schedules=schedules, resume=state
        )

    sinks = [Collecting()]
    scope = watch(sinks[0], None)
    for step in range(STEPS):
        if resumed and step == CUT:
            kept = io.BytesIO()
            torch.save({"scope": scope.state(same_recording=True)}, kept)
            kept.seek(0)
            state = torch.load(kept, weights_only=True)["scope"]
            state = ScopeState(**state) if as_object else state  # which state() returned once
            scope.close()
            sinks.append(Collecting())
            scope = watch(sinks[1], state)
        if step == 1:
            with pytest.raises(RuntimeError):
                network(torch.randn(8, 5))
        optimizer.zero_grad()
        network(torch.randn(8, 4) + step).square().mean().backward()
        optimizer.step()
    scope.close()
    names = {layout.number: layout.name for layout in sinks[0].header.layouts}
    return {(names[one.stream], one.step): one.row for sink in sinks for one in sink.frames}, sinks[-1]


@pytest.mark.parametrize(("where", "as_object"), [("", False), ("torch", True)], ids=["host", "device"])
def test_drift_on_training_batches_and_counts_go_on(where, as_object, monkeypatch):
    monkeypatch.setenv(VARIABLE, where)
    (whole, _), (parts, last) = train(resumed=False), train(resumed=True, as_object=as_object)
    assert whole.keys() == parts.keys()
    for key in whole:
        if key[0] in {"steps", "batch_drift"}:
            np.testing.assert_array_equal(parts[key], whole[key], err_msg=str(key))
    assert last.values("failed_passes").tolist() == [1.0] * (STEPS - CUT)


def test_a_state_is_plain_and_what_is_none_is_refused():
    class Strange:
        pass

    carried = {"drift": {"start": np.ones(2)}, "sampling_shift": {"arguments": (Strange(),)}}
    plain = ScopeState(3, studies={"net": carried}).plain()
    kept = io.BytesIO()
    torch.save(plain, kept)
    kept.seek(0)
    found = ScopeState.of(torch.load(kept, weights_only=True))
    assert (found.step, list(found.studies["net"])) == (3, ["drift"])
    assert found.studies["net"]["drift"]["start"].tolist() == [1, 1]
    with pytest.raises(shiftscope.WatchError, match="resume is state"):
        shiftscope.watch(nn.Linear(2, 1), to=Collecting(), resume={"model": {}, "scope": plain})
