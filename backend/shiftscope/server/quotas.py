"""How much there may be of what others ask for: runs that wait, scripts that send, bytes that are kept."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

from shiftscope.notices import NoticeError, notice
from shiftscope.recording.database import beside
from shiftscope.recording.folder import CHECKPOINTS
from shiftscope.server.roles import Role
from shiftscope.server.settings import Settings
from shiftscope.server.supervisor import Supervisor
from shiftscope.server.visitors import EVERYBODY, Visitor

GIB = 1 << 30
STUDENTS_SHARE = 0.75
"""How much of the queue students may fill together: the rest is kept for who controls."""
COUNTED_SECONDS = 10.0
"""For how long what a folder was found to hold is taken for what it holds."""


class QuotaExceeded(NoticeError):
    """There is as much already as there may be."""

    def __init__(self, status: HTTPStatus, code: str, **values: float) -> None:
        super().__init__(notice(code, **values))
        self.status = status


class Quotas:
    """Counts, and refuses what would be too much."""

    def __init__(self, settings: Settings, supervisor: Supervisor) -> None:
        self._settings = settings
        self._supervisor = supervisor
        self._producers: Counter[str] = Counter()
        self._promised: Counter[str | None] = Counter()
        self._held = 0
        self._counted = -COUNTED_SECONDS

    @asynccontextmanager
    async def admitted(self, runs: int = 1, *, by: Visitor = EVERYBODY) -> AsyncIterator[Callable[[], None]]:
        """Keep room in the queue for so many runs while they are made. Raises QuotaExceeded.

        What comes of it is to be called as each of them is queued.
        """
        student = None if by.role is Role.CONTROL else by.owns
        self._check_queue(runs, student)
        left = runs
        self._promised[student] += runs

        def queued() -> None:
            nonlocal left
            left -= 1
            self._promised[student] -= 1

        try:
            await self.check_room()
            yield queued
        finally:
            self._promised[student] -= left
            if not self._promised[student]:
                del self._promised[student]

    def _check_queue(self, runs: int, student: str | None) -> None:
        """Return where so many runs more may wait.

        A student may have as many that wait as are left for other students: nobody closes the queue for all.
        """
        most = self._settings.queued
        waiting = self._supervisor.waiting + self._promised
        if waiting.total() + runs > most:
            raise QuotaExceeded(HTTPStatus.TOO_MANY_REQUESTS, "refused.queue", waiting=waiting.total(), most=most)
        if student is None:
            return
        others = waiting.total() - waiting[None] - waiting[student]
        left = max(1, int(most * STUDENTS_SHARE)) - others
        fair = max(0, (left + 1) // 2)
        if waiting[student] + runs > fair:
            raise QuotaExceeded(HTTPStatus.TOO_MANY_REQUESTS, "refused.share", waiting=waiting[student], most=fair)

    async def check_room(self) -> None:
        """Return where the folder may hold more. Raises QuotaExceeded."""
        if time.monotonic() - self._counted >= COUNTED_SECONDS:
            self._counted, before = time.monotonic(), self._held
            found = await asyncio.to_thread(_size_of_folder, self._settings.data)
            self._held += found - before  # and what has come meanwhile
        if self._held > self._settings.total_gib * GIB:
            raise QuotaExceeded(HTTPStatus.INSUFFICIENT_STORAGE, "refused.full", most=self._settings.total_gib)

    async def add(self, size: int) -> None:
        """Count bytes as they come: the folder is looked through now and then alone. Raises QuotaExceeded."""
        self._held += size
        await self.check_room()

    def release(self, size: int) -> None:
        """Count bytes no more: they were removed."""
        self._held -= size

    async def check_run(self, recording: Path) -> None:
        """Return where a run may record more. Raises QuotaExceeded."""
        if self.left_of_run(recording) < 0:
            raise QuotaExceeded(HTTPStatus.INSUFFICIENT_STORAGE, "refused.run_full", most=self._settings.run_gib)
        await self.check_room()

    def left_of_run(self, recording: Path) -> float:
        """Return how many bytes a run may hold besides its recording."""
        return self._settings.run_gib * GIB - sum(_size(path) for path in (recording, *beside(recording)))

    @property
    def links(self) -> int:
        """How many links there are with which somebody sends."""
        return len(self._producers)

    @contextmanager
    def producing(self, link: str) -> Iterator[None]:
        """Count one who sends, of those with the same link, for as long as the context lasts. Raises QuotaExceeded."""
        most = self._settings.producers
        if self._producers[link] >= most:
            raise QuotaExceeded(HTTPStatus.TOO_MANY_REQUESTS, "refused.producers", most=most)
        self._producers[link] += 1
        try:
            yield
        finally:
            self._producers[link] -= 1
            if not self._producers[link]:
                del self._producers[link]


def _size(path: Path) -> int:
    """Return what a file takes of the disk; its length costs nothing, where there is nothing in it."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return min(status.st_size, getattr(status, "st_blocks", status.st_size) * 512)


def _size_of_folder(folder: Path) -> int:
    """Return what the recordings of a folder take, and the states that runs go on from."""
    size = 0
    for one in (folder, folder / CHECKPOINTS):
        with suppress(OSError), os.scandir(one) as entries:
            size += sum(_size(Path(entry)) for entry in entries if entry.is_file(follow_symlinks=False))
    return size
