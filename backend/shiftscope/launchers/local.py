"""Workers as processes of this machine: so many at a time, the rest in a queue."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from typing_extensions import override

from shiftscope.config import Resources
from shiftscope.launchers.base import (
    ALLOCATOR,
    LAST_WORDS,
    WORKER,
    Launcher,
    Obituary,
    Place,
    Request,
    Standing,
    Waiting,
    Worker,
    obituary,
)
from shiftscope.launchers.places import Places
from shiftscope.notices import Notice, notice
from shiftscope.wire.assignment import Assignment

logger = logging.getLogger(__name__)


class WorkerProcess(Worker):
    """A worker process of this machine.

    It reads its assignment from standard input and ends when that closes: with the server, however the server ends.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def spawn(cls, threads: int) -> WorkerProcess:
        """Start a process, which loads its libraries and waits for an assignment. Raises OSError."""
        environment = os.environ | ALLOCATOR | {"OMP_NUM_THREADS": str(threads)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", WORKER, env=environment, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.returncode is None

    def assign(self, assignment: Assignment) -> None:
        """Hand the worker its assignment."""
        if self._process.stdin is None:
            raise OSError("the worker has no standard input")
        self._process.stdin.write(assignment.model_dump_json().encode() + b"\n")

    @override
    async def wait(self) -> Obituary:
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reading, 1)
        return Obituary(obituary(code, self._last_words))

    @override
    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _read(self) -> None:
        if self._process.stderr is None:
            return
        with contextlib.suppress(ValueError):  # a line of more than 64 KiB is not worth more than the rest
            async for line in self._process.stderr:
                text = line.decode(errors="replace").rstrip()
                self._last_words.append(text)
                logger.info("worker %d: %s", self._process.pid, text)


class LocalLauncher(Launcher):
    """Starts workers as processes of this machine and, when asked to, keeps one ready.

    A fresh worker loads torch for two seconds and more; a ready one trains at once.
    """

    def __init__(self, *, places: int, threads: int, spare: bool) -> None:
        self._places = Places(places, self._moved)
        self._waiting: dict[str, Request] = {}
        self._threads = threads
        self._keep_spare = spare
        self._spare: WorkerProcess | None = None
        self._preparing = asyncio.Lock()

    @override
    async def prepare(self) -> None:
        async with self._preparing:
            if self._keep_spare and (self._spare is None or not self._spare.alive):
                self._spare = await WorkerProcess.spawn(self._threads)

    @property
    @override
    def standing(self) -> Standing:
        return Standing(launcher="local")

    @override
    def unable(self, resources: Resources, *, now: bool = False) -> Notice | None:
        cores = os.cpu_count() or 1
        if (resources.cpus or 1) > cores:
            return notice("refused.cpus", asked=resources.cpus or 1, cores=cores)
        return notice("refused.gpus", asked=resources.gpus) if resources.gpus else None

    @override
    @asynccontextmanager
    async def place(self, request: Request) -> AsyncIterator[Place | None]:
        self._waiting[request.run] = request
        try:
            async with self._places.place(request.run, request.owner) as taken:
                yield _LocalPlace(self) if taken else None
        finally:
            del self._waiting[request.run]

    @override
    def withdraw(self, run: str) -> None:
        self._places.withdraw(run)

    @override
    async def close(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.kill()
            await spare.wait()

    async def launch(self, assignment: Assignment) -> Worker:
        """Start a worker, or take the spare one. Raises OSError when none can be started."""
        worker, self._spare = self._spare, None
        if worker is None or not worker.alive:
            worker = await WorkerProcess.spawn(assignment.threads)
        worker.assign(assignment)
        return worker

    def _moved(self, run: str, number: int | None) -> None:
        if run in self._waiting:
            self._waiting[run].waits(Waiting(number=number))


class _LocalPlace(Place):
    """A place on this machine."""

    def __init__(self, launcher: LocalLauncher) -> None:
        self._launcher = launcher

    @property
    @override
    def node(self) -> str:
        return ""

    @override
    async def launch(self, assignment: Assignment) -> Worker:
        return await self._launcher.launch(assignment)
