"""Takes each queued run to its end: a free place, a worker, and the truth about how it ended."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from shiftscope.config import RunConfig
from shiftscope.notices import as_notice, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.recording.folder import SPOOL
from shiftscope.server.launchers import LocalLauncher, Worker
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.settings import Settings
from shiftscope.wire.assignment import Assignment
from shiftscope.wire.messages import Command, Preparing

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""How long a worker may take to end after it was told to stop; then it is killed."""
LAST_WORD_SECONDS = 1.0
"""How long the ingest socket of a dead worker may still deliver what the worker had sent."""


class Supervisor:
    """Owns the workers of all runs under way."""

    def __init__(self, launcher: LocalLauncher, url: str, settings: Settings) -> None:
        self._launcher = launcher
        self._places = asyncio.Semaphore(settings.workers)
        self._url = url
        self._settings = settings
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._workers: dict[str, Worker] = {}

    def start(self, run: Run, checkpoint: Path | None = None) -> None:
        """Queue a run, which goes on from a checkpoint where one is given; its file is removed once it was read."""
        task = asyncio.create_task(self._conduct(run, checkpoint), name=f"run {run.id}")
        self._tasks[run.id] = task
        run.conducted = True
        task.add_done_callback(lambda _: self._over(run))

    async def stop(self, run: Run) -> None:
        """Stop a run; returns when it has ended. Raises IllegalTransition when it has already."""
        if run.state.ended:
            raise IllegalTransition(run, notice("action.stop"))
        if run.state is RunState.QUEUED:
            await run.move(RunState.STOPPED, notice("end.before_start"))
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
        if worker := self._workers.get(run.id):
            worker.kill()

    async def close(self) -> None:
        """Interrupt what is under way: the server ends."""
        for worker in list(self._workers.values()):
            worker.kill()
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._launcher.close()

    def _over(self, run: Run) -> None:
        run.conducted = False
        self._tasks.pop(run.id, None)

    async def _conduct(self, run: Run, checkpoint: Path | None) -> None:
        discarding = asyncio.create_task(_discard_once_read(run, checkpoint)) if checkpoint else None
        try:
            async with self._places:
                if not run.state.ended:
                    await run.move(RunState.PREPARING)
                    run.prepare(Preparing.saying(notice("wait.worker")))
                    await self._work(run, checkpoint)
        except (OSError, RecordingError, IllegalTransition) as error:
            logger.exception("run %s", run.id)
            if not run.state.ended:
                await run.move(RunState.FAILED, notice("end.not_started", error=as_notice(error)))
        except asyncio.CancelledError:
            if not run.state.ended:
                await run.move(RunState.INTERRUPTED, notice("end.server_shut_down_while", state=run.state.word))
            raise
        finally:
            if discarding is not None and checkpoint is not None:
                discarding.cancel()
                await asyncio.to_thread(checkpoint.unlink, missing_ok=True)

    async def _work(self, run: Run, checkpoint: Path | None) -> None:
        if run.info.config is None:
            raise ValueError(f"run {run.id} has no config to train by")
        worker = await self._launcher.launch(
            Assignment(
                url=self._url,
                run=run.id,
                token=await asyncio.to_thread(run.new_token),
                config=as_changed(run.info.config, run),
                datasets=self._settings.datasets,
                mirrors=self._settings.mirror_urls,
                threads=self._settings.threads,
                spool=self._settings.data / SPOOL,
                experiment=run.info.trial.experiment if run.info.trial else None,
                checkpoint=checkpoint,
                networks=dict(run.status.interventions),
            )
        )
        self._workers[run.id] = worker
        try:
            obituary = await worker.wait()
        finally:
            del self._workers[run.id]
        await self._launcher.prepare()
        try:
            await asyncio.wait_for(run.wait_until_ended(), LAST_WORD_SECONDS)
        except TimeoutError:
            await run.move(RunState.FAILED, obituary)


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


def as_changed(config: RunConfig, run: Run) -> RunConfig:
    """Return what a run is trained by: its config, with what was changed since it was made."""
    rate = run.status.learning_rate
    optimizer = config.optimizer if rate is None else config.optimizer.model_copy(update={"learning_rate": rate})
    return config.model_copy(update={"pace": run.status.pace, "optimizer": optimizer})
