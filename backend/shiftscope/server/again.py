"""Runs that go on although their worker is gone: from the last state that it has kept, or from their beginning.

`assignment` is all that a launcher is given, for the first worker of a run and for any other.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from glob import escape
from pathlib import Path

from shiftscope.config import RunConfig
from shiftscope.launchers.base import Obituary
from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import SUFFIX, RecordingError
from shiftscope.recording.folder import SPOOL
from shiftscope.server.attempts import read_tokens, write_tokens
from shiftscope.server.runs import Run
from shiftscope.server.settings import Settings
from shiftscope.wire.assignment import Again, Applied, Assignment
from shiftscope.wire.state_file import StateFileError, StateHead, read_head

logger = logging.getLogger(__name__)

MOST_RESTARTS = 3
"""How often a run goes on from one state after a death: what ends its worker again and again is no accident."""
LET_GO_TIMES = 6
"""How often the connection of the worker before is waited for until it has let go of its run."""
PARTIAL = ".partial"
"""Ends the name of a file in which a state still comes."""


async def assignment(run: Run, url: str, settings: Settings) -> Assignment:
    """Return what the next worker of a run is given: a first one begins, any other goes on where the last state is.

    Raises:
        RecordingError, OSError: what lets it in cannot be kept, or is not there any more.
        ValueError: the run has no config.
    """
    if run.info.config is None:
        raise ValueError(f"run {run.id} has no config to train by")
    first = run.admission is None
    token = await _new_attempt(run)
    head = await asyncio.to_thread(_last_state, run)
    if head is None and run.info.forked is not None:  # what it goes on from is no beginning that could be made again
        raise RecordingError(notice("end.state_gone", step=run.info.forked.step))
    again = None
    if not first:
        await asyncio.to_thread(_remove_spools, run, settings.data / SPOOL)
        again = _again(run, _step(run, head))
        run.repeat_from(_step(run, head))
    return Assignment(
        url=url, run=run.id, token=token, config=as_changed(run.info.config, run), datasets=settings.datasets,
        mirrors=settings.mirror_urls, threads=run.info.config.resources.cpus or settings.threads,
        spool=settings.data / SPOOL,
        experiment=run.info.trial.experiment if run.info.trial else None,
        checkpoint=head is not None, networks=dict(run.status.interventions), again=again,
    )  # fmt: skip


class Restarts:
    """Records that a run goes on although its worker is gone, unless its workers die from one state again and again.

    Only deaths under this server count: what was lost with a server or a machine is no fault of the run's.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._deaths: Counter[int] = Counter()

    async def record(self, gone: Obituary) -> Notice | None:
        """Record that the run goes on, if it has not ended; return why it shall not instead, where it shall not."""
        step = _step(self._run, await asyncio.to_thread(_last_state, self._run))
        if not gone.lost:
            if self._deaths[step] >= MOST_RESTARTS:
                return notice("end.restarted_in_vain", times=MOST_RESTARTS, step=step, error=gone.reason)
            self._deaths[step] += 1
        code = "event.restart" if step else "event.restart_anew"
        said = notice(code, step=step, reason=gone.reason)
        await self._run.record_unless_ended("restarted", said, value={"step": step})
        return None


def as_changed(config: RunConfig, run: Run) -> RunConfig:
    """Return what a run is trained by: its config, with what was changed since it was made."""
    rate = run.status.learning_rate
    optimizer = config.optimizer if rate is None else config.optimizer.model_copy(update={"learning_rate": rate})
    return config.model_copy(update={"pace": run.status.pace, "optimizer": optimizer})


def forget(run: Run) -> None:
    """Remove what a run that has ended will not go on from, and what still comes of it."""
    folder = run.checkpoint.parent
    if run.path.name != f"{run.id}{SUFFIX}" or not folder.is_dir():  # what lies there is another run's, or nothing
        return
    with run.states:
        for path in (run.checkpoint, run.token_file, *folder.glob(f"{escape(run.id)}-*{PARTIAL}")):
            path.unlink(missing_ok=True)


def _last_state(run: Run) -> StateHead | None:
    """Return the head of the state that a run goes on from; None where there is none that is whole and fits."""
    try:
        head = read_head(run.checkpoint)
    except FileNotFoundError:
        return None
    except (OSError, StateFileError) as error:
        logger.warning("run %s does not go on from its last state: %s", run.id, error)
        return None
    if head.seq > run.seq:
        logger.warning("run %s does not go on from its last state: its recording ends before it", run.id)
        return None
    return head


def _step(run: Run, head: StateHead | None) -> int:
    if head is not None:
        return head.step
    return run.info.forked.step if run.info.forked else 0


def _again(run: Run, step: int) -> Again:
    applied = [Applied.model_validate(event.value) for event in run.events if event.kind == "applied"]
    until = run.last[1] + 1 if run.last else 0
    return Again(until=until, applied=tuple(one for one in applied if one.step >= step))


async def _new_attempt(run: Run) -> str:
    """Return what lets the next worker of a run in, and from now on no other: one that was given up may wake."""
    async with run.admitting:
        token = await asyncio.to_thread(_token, run)
        for left in reversed(range(LET_GO_TIMES)):
            if run.producer is None:
                break
            try:
                await run.producer.displace()
                break
            except TimeoutError:  # the disk is slow
                if not left:
                    raise
    await run.kept()  # what that one's connection had begun to write is written
    return token


def _token(run: Run) -> str:
    """Return a new token: where other workers may follow, what tells them apart outlives this server."""
    with run.states:  # a state comes whole from the worker whose turn it is, or not at all
        if not run.goes_on_again:
            return run.new_token()
        first = run.admission is None
        before = [] if first else read_tokens(run.token_file)
        if not (first or before):
            raise FileNotFoundError(f"the tokens of run {run.id} are not there any more")
        token = run.new_token()
        partial = run.token_file.with_name(f"{run.id}-token{PARTIAL}")
        write_tokens(run.token_file, partial, [*before, token])
    return token


def _remove_spools(run: Run, folder: Path) -> None:
    """Remove what an earlier worker could not send: it is measured again."""
    for path in folder.glob(f"{run.info.id}-*"):
        path.unlink(missing_ok=True)
