"""Downloads of recordings: of one that has ended the file itself, of another a copy, and of copies few at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from shiftscope.notices import NoticeError, notice
from shiftscope.recording.database import beside, check_room
from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import open_recording
from shiftscope.server.damage import printable
from shiftscope.server.quotas import QuotaExceeded

logger = logging.getLogger(__name__)

COPIES = 4
"""Copies that there are at a time, each until it is sent."""
MEDIA_TYPE = "application/vnd.sqlite3"
_RANGE = re.compile(rb"bytes=(\d{1,18}-\d{0,18}|-\d{1,18})")
THREADS = 2
WAIT_SECONDS = 20.0
"""How long a download waits for its turn."""


class LinkedElsewhere(NoticeError):
    """What seems to be a recording is a link to some other file of the machine, which is nobody's business."""

    def __init__(self, file: str) -> None:
        super().__init__(notice("refused.linked", file=file))


class RangeBeyond(NoticeError):
    """A part of a recording is asked for that it does not have."""

    def __init__(self, size: int) -> None:
        super().__init__(notice("refused.range", size=size))
        self.status, self.headers = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"}


class Downloads:
    """Copies recordings and sends them. The threads are its own: those in which runs are recorded wait for no copy."""

    def __init__(self, copies: int = COPIES, seconds: float = WAIT_SECONDS) -> None:
        self._copies, self._seconds = copies, seconds
        self._places = asyncio.Semaphore(copies)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="shiftscope-downloads")

    async def of(self, recording: Path, *, settled: bool = False) -> FileResponse:
        """Return what sends a recording as it is now.

        Raises:
            QuotaExceeded: too many are being sent.
            LinkedElsewhere: it is no recording, and not in the folder.
        """
        if settled:
            return _Itself(recording, await asyncio.to_thread(recording.stat))
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
        except TimeoutError:
            raise QuotaExceeded(HTTPStatus.TOO_MANY_REQUESTS, "refused.downloads", most=self._copies) from None
        try:
            folder = tempfile.TemporaryDirectory(prefix="shiftscope-")
        except BaseException:
            self._places.release()
            raise

        def over() -> None:
            self._places.release()
            folder.cleanup()

        try:
            copy = Path(folder.name) / recording.name
            await asyncio.get_running_loop().run_in_executor(self._threads, _copy, recording, copy)
        except BaseException:
            over()
            raise
        return _Sent(copy, over)

    def close(self) -> None:
        """Begin no other copy."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Itself(FileResponse):
    """A file that nobody writes. Should it be written all the same, its run renamed, say, what was begun ends."""

    def __init__(self, recording: Path, stat: os.stat_result) -> None:
        super().__init__(recording, filename=printable(recording.name), media_type=MEDIA_TYPE, stat_result=stat)
        self._recording, self._known = recording, _content_of(stat)

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changed = False

        async def passing(message: Message) -> None:
            nonlocal changed
            # What was read before this look is of the file as it was; one that was removed stays as long as it is open.
            with contextlib.suppress(FileNotFoundError):
                changed = message["type"] == "http.response.body" and _content_of(self._recording.stat()) != self._known
            if changed:
                raise OSError(f"{self._recording.name} is another than when its sending began")
            await send(message)

        try:
            await _sent_in_words(super().__call__, scope, receive, passing)
        except Exception as error:
            if not changed:
                raise
            logger.info("a download is cut off: %s", error)


def _content_of(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


class _Sent(FileResponse):
    """A copy that is gone when it was sent, or its reader has left."""

    def __init__(self, copy: Path, over: Callable[[], None]) -> None:
        super().__init__(copy, filename=printable(copy.name), media_type=MEDIA_TYPE)
        self._over = over

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _sent_in_words(super().__call__, scope, receive, send)
        finally:
            self._over()


async def _sent_in_words(file: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a file. Raises RangeBeyond where a part is asked for that it does not have."""

    async def passing(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise RangeBeyond(int(Headers(raw=message["headers"])["content-range"].rpartition("/")[2]))
        await send(message)

    await file(_with_a_range_that_is_one(scope), receive, passing)


def _with_a_range_that_is_one(scope: Scope) -> Scope:
    """Return a request that asks for all where what it asks for is no range: so a server may take it (RFC 9110)."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"range" or _RANGE.fullmatch(value)]
    return {**scope, "headers": headers}


def _copy(source: Path, target: Path) -> None:
    try:
        check_room(target.parent, *(one for one in (source, *beside(source)) if one.is_file()))
    except OSError as error:
        raise RecordingError(notice("recording.not_copied", path=str(source), error=str(error.strerror))) from error
    try:
        with open_recording(source) as recording:
            recording.copy(target)
    except RecordingError:  # a damaged one goes as it is: its owner may know what to do
        if source.resolve().parent != source.parent.resolve():
            raise LinkedElsewhere(printable(source.name)) from None
        shutil.copyfile(source, target)
