"""When layers that never ran are waited for no more."""

from __future__ import annotations

from torch import nn

from shiftscope.engine.exploring import CURIOUS, Exploring
from shiftscope.tracing.tracer import Tracer


def test_layers_that_never_run_are_waited_for_no_longer_than_said() -> None:
    exploring = Exploring(Tracer(nn.Linear(2, 2), lambda _part, _error: None), gradients=False, may_grow=lambda: True)
    exploring.result(())
    exploring.unexplored = frozenset({0})
    changed, curious = [exploring.end_step()], [exploring.curious]
    for _ in range(CURIOUS + 10):
        exploring.note(())
        changed.append(exploring.end_step())
        curious.append(exploring.curious)
    assert [step for step, one in enumerate(changed) if one] == [0, CURIOUS]
    assert curious.index(False) == CURIOUS
