"""Takes each queued run to its end: a free place, a worker, and the truth about how it ended."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

from shiftscope.config import RunConfig
from shiftscope.launchers.base import CannotPlace, Launcher, Obituary, Place, Request, Standing, Waiting, Worker
from shiftscope.notices import Notice, NoticeError, as_notice, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server import again
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.settings import Settings
from shiftscope.wire.messages import Command, Preparing

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""How long a worker may take to end after it was told to stop; then it is killed."""
LAST_WORD_SECONDS = 1.0
"""How long the ingest socket of a dead worker may still deliver what the worker had sent."""


class CannotTrain(NoticeError):
    """What a run needs is not to be had here."""


class Supervisor:
    """Owns the workers of all runs under way."""

    def __init__(self, launcher: Launcher, url: str, settings: Settings) -> None:
        self._launcher = launcher
        self._url = url
        self._settings = settings
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, Run] = {}
        self._workers: dict[str, Worker] = {}
        self._closed = False

    @property
    def waiting(self) -> Counter[str | None]:
        """How many runs have no worker yet, by the student who started them; None where no student did."""
        return Counter(run.student for run in self._runs.values() if run.id not in self._workers)

    @property
    def standing(self) -> Standing:
        """What there is to train on."""
        return self._launcher.standing

    def check(self, config: RunConfig, *, now: bool = False) -> None:
        """Return where a run can be trained, now or later; `now`: on what there is. Raises CannotTrain."""
        if reason := self._launcher.unable(config.resources, now=now):
            raise CannotTrain(reason)

    def start(self, run: Run) -> None:
        """Queue a run. The checkpoint of one that goes on from another is removed once it was read."""
        task = asyncio.create_task(self._conduct(run), name=f"run {run.id}")
        self._tasks[run.id] = task
        self._runs[run.id] = run
        run.conducted = True
        task.add_done_callback(lambda _: self._over(run))

    def go_on(self, run: Run) -> None:
        """Queue a run of an earlier server, where it goes on in this one."""
        if run.goes_on and not self._closed:
            self.start(run)

    async def stop(self, run: Run) -> None:
        """Stop a run; returns when it has ended. Raises IllegalTransition when it has already."""
        if run.state.ended:
            raise IllegalTransition(run, notice("action.stop"))
        if run.state is RunState.QUEUED:
            await run.move(RunState.STOPPED, notice("end.before_start"))
            self._launcher.withdraw(run.id)
            return
        if run.id not in self._tasks:
            await _dismiss(run)
            return
        try:
            async with asyncio.timeout(STOP_SECONDS):
                if run.producer is not None:
                    await run.producer.command(Command(command="stop"))
                    await run.wait_until_ended()
        except TimeoutError:
            logger.warning("run %s did not stop within %g s: its worker is killed", run.id, STOP_SECONDS)
        if not run.state.ended:
            await run.move(RunState.STOPPED, notice("end.stopped_while", state=run.state.word))
        self._launcher.withdraw(run.id)  # it may wait for another place than the one it lost
        self.kill(run)

    def kill(self, run: Run) -> None:
        """End the worker of a run that has ended already."""
        if worker := self._workers.get(run.id):
            worker.kill()

    async def close(self) -> None:
        """Interrupt what is under way: the server ends."""
        self._closed = True
        for worker in list(self._workers.values()):
            worker.kill()
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._launcher.close()

    def _over(self, run: Run) -> None:
        run.conducted = False
        self._tasks.pop(run.id, None)
        self._runs.pop(run.id, None)

    async def _conduct(self, run: Run) -> None:
        checkpoint = run.checkpoint if run.info.forked and not run.goes_on_again else None
        discarding = asyncio.create_task(_discard_once_read(run, checkpoint)) if checkpoint else None
        try:
            await self._train(run)
        except (OSError, RecordingError, IllegalTransition, CannotPlace) as error:
            logger.exception("run %s", run.id)
            await _fail(run, notice("end.not_started", error=as_notice(error)))
        except Exception as error:
            # The boundary of a run: whatever went wrong, it must not seem to go on.
            logger.exception("run %s", run.id)
            await _fail(run, notice("end.server_failed", state=run.state.word, error=type(error).__name__))
        except asyncio.CancelledError:
            if not self._closed:  # nobody ended the server: something of the launcher's was given up
                await _fail(run, notice("end.server_failed", state=run.state.word, error="CancelledError"))
                return
            if run.goes_on:
                await asyncio.to_thread(run.close)
            elif not run.state.ended:
                await run.move(RunState.INTERRUPTED, notice("end.server_shut_down_while", state=run.state.word))
            raise
        finally:
            if discarding is not None:
                discarding.cancel()
            if not run.goes_on:
                await asyncio.to_thread(again.forget, run)

    async def _train(self, run: Run) -> None:
        """Let a run be trained in a place, and where it loses that, in another."""
        gone: Obituary | None = None
        restarts = again.Restarts(run)
        while not run.state.ended:
            run.wait_for_place(run.state is not RunState.QUEUED)
            async with self._launcher.place(_request(run)) as place:
                run.wait_for_place(False)
                if place is None or run.state.ended:
                    break
                await run.reopen()  # if the server that it waited in, or was trained in, is another
                if place.node:
                    await run.record("placed", _placed(place), value=place.node)
                gone = await self._work(run, place, gone, restarts)
                waits = notice("absence.place")
                await run.record_unless_ended("connection", waits, value="lost")  # there may be none for long

    async def _work(self, run: Run, place: Place, gone: Obituary | None, restarts: again.Restarts) -> Obituary | None:
        """Let workers train a run in a place until it has ended, or asks for another place.

        Return how the last of them ended; `gone` is how the last one of another place did, if there was one.
        """
        if run.state is RunState.QUEUED:
            await run.move(RunState.PREPARING)
        else:
            gone = gone or _lost_with_the_server(run)
            if run.header is not None and run.state is RunState.PREPARING:
                await run.move(RunState.RUNNING)
        while not run.state.ended:  # it may be stopped while it has no worker
            if gone is not None and (reason := await _why_not_again(run, gone, restarts)) is not None:
                if not run.state.ended:
                    await run.move(RunState.FAILED, reason)
                break
            if run.state is RunState.PREPARING:
                run.prepare(Preparing.saying(notice("wait.worker")))
            gone = await self._one_worker(run, place)
            await self._launcher.prepare()
            with suppress(TimeoutError):
                await asyncio.wait_for(run.wait_until_ended(), LAST_WORD_SECONDS)
            if gone is not None and run.goes_on_again and (place.node or gone.lost):
                break  # a machine that is there may not be the same one
        return gone

    async def _one_worker(self, run: Run, place: Place) -> Obituary | None:
        """Let a worker train a run, if that has not ended; return, when the worker is gone, how it ended."""
        assignment = await again.assignment(run, self._url, self._settings)
        if run.state.ended:
            return None
        worker = await place.launch(assignment)
        self._workers[run.id] = worker
        try:
            if place.node not in {"", run.status.node}:  # the place that it was given had gone away
                await run.record_unless_ended("placed", _placed(place), value=place.node)
            if run.state.ended:  # it was stopped while the worker was started
                worker.kill()
            return await worker.wait()
        except Exception:
            worker.kill()  # how it ends nobody will know
            raise
        finally:
            del self._workers[run.id]


def _placed(place: Place) -> Notice:
    return notice("event.placed", node=place.node)


async def _fail(run: Run, reason: Notice) -> None:
    if not run.state.ended:
        await run.move(RunState.FAILED, reason)


async def _why_not_again(run: Run, gone: Obituary, restarts: again.Restarts) -> Notice | None:
    """Record that a run goes on although its worker is gone; return why it does not, where it does not."""
    return await restarts.record(gone) if run.goes_on_again else gone.reason


def _lost_with_the_server(run: Run) -> Obituary:
    return Obituary(notice("end.server_ended", state=run.state.word, step=run.status.step), lost=True)


def _request(run: Run) -> Request:
    if run.info.config is None:
        raise ValueError(f"run {run.id} has no config to train by")
    return Request(run.id, run.owner, run.info.config.resources, partial(_waits, run))


def _waits(run: Run, waiting: Waiting) -> None:
    """Show what a run waits for that has no place yet."""
    run.move_to(waiting.number)
    if waiting.reason is not None:
        run.prepare(Preparing.saying(waiting.reason))


async def _dismiss(run: Run) -> None:
    """End the run of a script, which itself may go on."""
    producer = run.producer
    await run.move(RunState.STOPPED, notice("end.dismissed"))
    if producer is not None:
        await producer.close(notice("end.dismissed"))


async def _discard_once_read(run: Run, checkpoint: Path) -> None:
    """Remove a checkpoint's file when its run has taken its first step, or has ended without one."""
    while True:
        changed = run.signal.changed
        if run.state not in {RunState.QUEUED, RunState.PREPARING}:
            break
        await changed.wait()
    await asyncio.to_thread(checkpoint.unlink, missing_ok=True)
