"""Launchers start workers: processes that train one run each. A launcher alone knows where they run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections import deque
from typing import Protocol

from typing_extensions import override

from shiftscope.notices import Notice, notice
from shiftscope.wire.assignment import Assignment

logger = logging.getLogger(__name__)

# glibc maps and unmaps every large tensor anew, and pays for the page faults each time; these keep the memory instead.
# Measured on a 6-layer convolutional network: 20 to 25 % off a training step. Other C libraries ignore them.
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "67108864"}


class Worker(Protocol):
    """A process that trains one run."""

    async def wait(self) -> Notice:
        """Return, when the worker is gone, how it ended."""

    def kill(self) -> None:
        """End it at once."""


class Launcher(Protocol):
    """Starts workers somewhere."""

    async def launch(self, assignment: Assignment) -> Worker:
        """Start a worker. Raises OSError when none can be started."""

    async def close(self) -> None:
        """End what the launcher holds: its spare worker."""


class WorkerProcess(Worker):
    """A worker process of this machine.

    It reads its assignment from standard input and ends when that closes: with the server, however the server ends.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last_words: deque[str] = deque(maxlen=5)
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def spawn(cls, threads: int) -> WorkerProcess:
        """Start a process, which loads its libraries and waits for an assignment. Raises OSError."""
        environment = os.environ | ALLOCATOR | {"OMP_NUM_THREADS": str(threads)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shiftscope.runs.worker", env=environment, start_new_session=True,
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
    async def wait(self) -> Notice:
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reading, 1)
        if code == 0:
            return notice("end.worker_silent")
        words = " ".join(self._last_words)
        saying = "_saying" if words else ""
        if code < 0:
            return notice(f"end.worker_killed{saying}", signal=signal.Signals(-code).name, words=words)
        return notice(f"end.worker_exited{saying}", exit_code=code, words=words)

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

    def __init__(self, *, threads: int, spare: bool) -> None:
        self._threads = threads
        self._keep_spare = spare
        self._spare: WorkerProcess | None = None
        self._preparing = asyncio.Lock()

    async def prepare(self) -> None:
        """Start the spare worker, if one is wanted and there is none."""
        async with self._preparing:
            if self._keep_spare and (self._spare is None or not self._spare.alive):
                self._spare = await WorkerProcess.spawn(self._threads)

    @override
    async def launch(self, assignment: Assignment) -> Worker:
        worker, self._spare = self._spare, None
        if worker is None or not worker.alive:
            worker = await WorkerProcess.spawn(self._threads)
        worker.assign(assignment)
        return worker

    @override
    async def close(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.kill()
            await spare.wait()
