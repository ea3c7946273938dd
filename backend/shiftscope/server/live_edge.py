"""The viewers that have everything: what comes next is read once and made into bytes once, for all of them.

A viewer joins when it has caught up, and is left to itself again when it does not take what it is sent: it then reads
the recording at its own cursor, as one that comes late does. So a viewer that never reads costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import NamedTuple, Protocol
from weakref import WeakValueDictionary

from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.recording.writer import settle
from shiftscope.server.introductions import Introductions
from shiftscope.server.metrics import Meters
from shiftscope.server.news import STATE_SECONDS, News
from shiftscope.server.pace import Pace
from shiftscope.server.recent import RecentFrames
from shiftscope.server.runs import Run
from shiftscope.wire.frames import Frame

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 512 * 1024
"""Largest binary message, single frames apart: small enough that newer frames soon get their turn."""
MOST_BEHIND = 256
"""Frames that a viewer may lack which joins the others."""
CHUNK = 64
"""Viewers to which a message is written before anything else of the loop has its turn."""


class Cursor(NamedTuple):
    """How far a viewer has come."""

    seq: int
    news: News


Left = asyncio.Future[Cursor]


class Follower(Protocol):
    """A viewer at the live edge."""

    def deliver(self, message: bytes) -> bool:
        """Write websocket frames; return False, having written nothing, where those before were not taken yet."""


class LiveEdge:
    """The viewers of one run that have all of it. Belongs to the event loop of the viewers."""

    def __init__(self, run: Run, pace: Pace, meters: Meters, introductions: Introductions) -> None:
        self.introductions = introductions
        self.introduced = 0
        """Length of what the last viewer was sent first."""
        self._run = run
        self._meters = meters
        self._pace = pace
        self._cursor: Cursor | None = None
        self._recording: Recording | None = None
        self._recent = RecentFrames()
        self._followers: dict[Follower, Left] = {}
        self._leading: asyncio.Task[None] | None = None

    @property
    def cursor(self) -> Cursor | None:
        """How far everybody here has come, which is as far as others should go to join; None when nobody is here."""
        return self._cursor

    def recently(self, after: int, upto: int) -> Sequence[Frame]:
        """Return frames after a seq up to another, as many as fit into a message; none where they are not at hand."""
        return self._recent.between(after, upto, MESSAGE_BYTES)

    async def join(self, follower: Follower, seq: int, news: News) -> Left | None:
        """Write to a viewer what it has not yet of what the others have, and let it follow with them.

        Returns what becomes how far it came, when it was too slow or the run has ended; None where it did not join.
        """
        async with self._pace.turn_of_one():  # the others go no further meanwhile
            try:
                if await self._level(follower, seq, news):
                    left = self._followers[follower] = asyncio.get_running_loop().create_future()
                    if self._leading is None:
                        self._leading = asyncio.create_task(self._lead(), name=f"viewers of {self._run.id}")
                    return left
            finally:
                if self._leading is None:
                    await self._put_away()
        return None

    def count(self, frames: int) -> None:
        """Take note of frames that were sent to a viewer."""
        self._meters.frames_sent.inc(frames)

    def leave(self, follower: Follower) -> None:
        """Send a viewer nothing more."""
        self._followers.pop(follower, None)
        if not self._followers and self._leading is not None:
            self._leading.cancel()

    async def _level(self, follower: Follower, seq: int, news: News) -> bool:
        """Write to a viewer what it has not yet of what the others have; return whether it has all of it then."""
        there, goal = self._cursor, self._cursor.seq if self._cursor else self._run.seq
        news = news.copy()
        texts = news.take(there.news.events if there else None)
        if self._run.state.ended or not seq <= goal <= seq + MOST_BEHIND:
            return False
        if there and not news.level_with(there.news):
            return False
        if there and not news.shows_the_same(there.news):
            texts.append(there.news.state())
        message, last = await self._message(texts, seq, goal)
        if last != goal or self._cursor is not there or not follower.deliver(message):
            return False
        self.count(goal - seq)
        self._cursor = there or Cursor(goal, news)
        return True

    async def _lead(self) -> None:
        try:
            while self._followers and self._cursor is not None:
                if not await self._pass_on(self._cursor):
                    break
        except (RecordingError, OSError) as error:  # which each viewer meets now by itself
            logger.warning("the viewers of run %s: %s", self._run.id, error)
        finally:
            async with self._pace.turn():  # nobody joins meanwhile
                cursor, self._cursor, self._leading = self._cursor, None, None
                for left in self._followers.values():
                    if not left.done() and cursor is not None:
                        left.set_result(cursor)
                self._followers = {}
                await self._put_away()

    async def _pass_on(self, before: Cursor) -> bool:
        """Send what is new, or wait for it; return whether anything may follow."""
        changed = self._run.signal.changed
        ended = self._run.state.ended
        if self._run.seq == before.seq:
            news = before.news.copy()
            if not news.take():
                if not ended:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), STATE_SECONDS if news.late else None)
                return not ended
        async with self._pace.turn():
            last = self._run.seq  # what lays out the frames up to here is among the news
            news = before.news.copy()
            message, last = await self._message(news.take(), before.seq, last)
            taken = await self._write(message, before, Cursor(last, news))
            self.count(taken * (last - before.seq))
        return True

    async def _message(self, texts: Sequence[str], after: int, upto: int) -> tuple[bytes, int]:
        """Return texts and the frames after a seq as websocket frames, and the seq of the last: not all need fit."""
        message = [_prepared(Opcode.TEXT, text.encode()) for text in texts]
        if upto > after:
            frames = self._recent.between(after, upto, MESSAGE_BYTES) or await self._read(after, upto)
            message.append(_prepared(Opcode.BINARY, b"".join(frame.data for frame in frames)))
            upto = frames[-1].seq if frames else upto
        return b"".join(message), upto

    async def _read(self, after: int, upto: int) -> Sequence[Frame]:
        if self._recording is None:
            self._recording = await asyncio.to_thread(open_recording, self._run.path)
        frames = await asyncio.to_thread(self._recording.read, after, upto, max_bytes=MESSAGE_BYTES)
        if self._cursor is not None and after == self._cursor.seq:
            self._recent.add(frames)
        return frames

    async def _put_away(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            await asyncio.to_thread(leave, recording, self._run)

    async def _write(self, message: bytes, before: Cursor, after: Cursor) -> int:
        """Write to everybody who is here; return how many took it."""
        # Who joins from now on has what is written now.
        self._cursor = after
        followers: Sequence[tuple[Follower, Left]] = tuple(self._followers.items())
        taken = 0
        for place, (follower, left) in enumerate(followers, 1):
            if not left.done():
                if follower.deliver(message):
                    taken += 1
                else:
                    left.set_result(before)
                    self._meters.left_behind.inc()
            if place % CHUNK == 0:
                await asyncio.sleep(0)
        return taken


class LiveEdges:
    """The live edges of all runs."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._pace = Pace()
        self._introductions = Introductions()
        self._edges: WeakValueDictionary[str, LiveEdge] = WeakValueDictionary()

    def of(self, run: Run) -> LiveEdge:
        """Return that of a run, which is there as long as somebody follows it."""
        edge = self._edges.get(run.id)
        if edge is None:
            edge = self._edges[run.id] = LiveEdge(run, self._pace, self._meters, self._introductions)
        return edge


def leave(recording: Recording, run: Run) -> None:
    """Close a recording that was read; that of a run that has ended is one file then."""
    recording.close()
    if run.state.ended and run.damage is None and settle(run.path) and run.over is not None:
        run.over(run)


def _prepared(opcode: Opcode, data: bytes) -> bytes:
    """Return a message as it travels to whatever viewer: a server's frames are neither masked nor compressed."""
    return WebSocketFrame(opcode, data).serialize(mask=False)
