"""What is known of parts stays theirs where a network has grown, and they are numbered anew."""

from __future__ import annotations

from torch import nn

from shiftscope.tracing.tracer import Tracer


def test_parts_stay_silent_under_their_new_numbers():
    network = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    tracer = Tracer(network, lambda _part, _error: None)
    for name in ("2", "gelu"):
        tracer.silence(next(part.index for part in tracer.parts if part.name == name))
    network.insert(0, nn.Linear(2, 2))
    assert tracer.grow()
    # What stood at 2 stands at 3; what stands where it was listed has not failed.
    assert {part.name for part in tracer.parts if tracer.is_silent(part.index)} == {"3", "gelu"}
    assert tracer.silenced == 2
