"""A run as the API shows it."""

from __future__ import annotations

from shiftscope.server.damage import printable, without_path
from shiftscope.server.recorded_run import RecordedRun
from shiftscope.server.run_state import RunView


def view_of(run: RecordedRun) -> RunView:
    """Return what is shown of a run."""
    config = run.info.config
    total = run.header.total_steps if run.header else (config.total_steps if config else None)
    status = run.status
    return RunView(
        id=run.id, name=status.name, title=status.title, state=status.state, reason=status.reason,
        source=run.info.source, config=config, trial=run.info.trial, forked=run.info.forked,
        step=status.step, total_steps=total, created=run.info.created, started=status.started, ended=status.ended,
        steps_per_epoch=config.steps_per_epoch if config else None,
        elapsed=run.trained, pace=status.pace, learning_rate=status.learning_rate,
        interventions=dict(status.interventions),
        preparing=run.preparing, absence=status.absence, seq=run.seq, place=run.place,
        waiting=run.waiting and not status.state.ended, owner=run.owner,
        group=run.info.group,
        damage=run.damage or (run.incomplete and without_path(run.incomplete, run.path)),
        file=printable(run.path.name), copy_of=run.copy_of, node=status.node,
    )  # fmt: skip
