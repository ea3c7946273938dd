"""What may be asked of what trains a run, and how it is told."""

from __future__ import annotations

from shiftscope.notices import notice
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.wire.messages import Command


def refuse_unless_steerable(run: Run, action: str, *states: RunState) -> None:
    """Raise IllegalTransition where a run has ended, is in none of these states, or belongs to a script.

    `action` is the code of what was asked for.
    """
    if run.state.ended or (states and run.state not in states):
        raise IllegalTransition(run, notice(action))
    if run.info.source == "script":
        raise IllegalTransition(run, notice(action), code="refused.script")


async def command(run: Run, told: Command) -> None:
    """Send a command to what trains a run; while nothing is connected, the run's status is what it hears first."""
    if run.producer is not None:
        await run.producer.command(told)
