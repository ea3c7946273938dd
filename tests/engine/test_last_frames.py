"""Frames that come from a device only when the run ends."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.engine import session
from shiftscope.engine.outbox import Arrival
from shiftscope.engine.schedules import every
from shiftscope.kernels.tensor_memory import VARIABLE
from shiftscope.notices import notice
from shiftscope.testing.collecting import Collecting
from shiftscope.tracing.errors import Diverged

STEPS = 3


def train(sink: Collecting, *, error: Exception | None = None, **options: object) -> None:
    """Train some steps, the last of which diverges; then raise an error, if there is one."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with shiftscope.watch(network, to=sink, optimizer=optimizer, schedule=every(1), probes="essential", **options):
        for step in range(STEPS):
            optimizer.zero_grad()
            inputs = torch.full((8, 4), float("nan")) if step == STEPS - 1 else torch.randn(8, 4)
            network(inputs).square().mean().backward()
            optimizer.step()
        if error is not None:
            raise error


@pytest.mark.parametrize("where", ["", "torch"], ids=["host", "device"])
def test_what_diverges_at_the_last_step_rings_the_alarm_and_ends_the_training(where, monkeypatch):
    monkeypatch.setenv(VARIABLE, where)
    alerts, sink = [], Collecting()
    with pytest.raises(Diverged):
        train(sink, on_event=alerts.append, stop_on="diverged")
    assert [(one.kind, one.step) for one in alerts] == [("diverged", STEPS - 1)]
    assert [frame.step for frame in sink.of("steps")] == list(range(STEPS))
    assert sink.ended is not None
    assert sink.ended[0] == "failed"


def test_an_error_of_the_trainings_own_comes_out_instead(monkeypatch):
    monkeypatch.setenv(VARIABLE, "torch")
    alerts = []
    with pytest.raises(KeyError):
        train(Collecting(), error=KeyError("mine"), on_event=alerts.append, stop_on="diverged")
    assert [one.kind for one in alerts] == ["diverged"]


def test_a_device_that_sends_nothing_more_is_not_waited_for(monkeypatch):
    monkeypatch.setenv(VARIABLE, "torch")
    monkeypatch.setattr(Arrival, "awaited", True)
    monkeypatch.setattr(Arrival, "ready", False)
    monkeypatch.setattr(session, "LAST_WAIT", 0.02)
    sink = Collecting()
    train(sink)
    assert [event.message for event in sink.events] == [str(notice("event.late_frames_dropped", count=STEPS))]
