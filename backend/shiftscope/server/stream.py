"""The viewer's socket: the one way out, for live viewing, joining late, reconnecting and replaying alike.

Each viewer reads the recording at its own cursor until it has everything; from then on it is one of those at the live
edge. A slow one holds up its own socket and nothing else: no frame is queued for it, it is simply read later. All of
this has an event loop of its own (viewer_thread.py), and reads what the producers' loop changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from shiftscope.notices import as_notice, notice
from shiftscope.recording.documents import Event, RecordingError
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.server.damage import WholeFrames, without_path
from shiftscope.server.live_edge import MESSAGE_BYTES, MOST_BEHIND, LiveEdge, leave
from shiftscope.server.narration import sentences_of
from shiftscope.server.news import STATE_SECONDS, News
from shiftscope.server.runs import Run
from shiftscope.server.services import Server
from shiftscope.server.viewer_thread import drained, prepared_writer
from shiftscope.wire.frames import Frame

router = APIRouter()

JOIN_SECONDS = 0.01
"""How long a viewer waits that could not join the others."""
NEWEST = 64
"""A viewer that needs more frames than these gets the newest of them first."""
OUTLINE_BYTES = 16 << 20
"""An outline has no more frames than fit into these; each counts as OUTLINE_FRAME bytes at least."""
OUTLINE_FRAME = 1024
UNKNOWN_RUN = 4404
UNREADABLE = 4422
"""Close code: nothing of the run's recording can be read."""


class Backlog:
    """Which frames a viewer still needs, and which of them come next.

    The newest come first; what was skipped on the way is filled in afterwards, oldest first.
    """

    def __init__(self, after: int) -> None:
        self._next = after + 1
        self._gaps: list[tuple[int, int]] = []

    def upcoming(self, last: int) -> tuple[int, int] | None:
        """Return the next range of seqs (first, last), both included, or None when the viewer has everything."""
        newest = last - NEWEST + 1
        if newest > self._next:
            self._gaps.append((self._next, newest - 1))
            self._next = newest
        if self._next <= last:
            return self._next, last
        return self._gaps[0] if self._gaps else None

    @property
    def last(self) -> int:
        """The seq of the newest frame that was sent."""
        return self._next - 1

    def lacks_few(self, last: int) -> bool:
        """Whether nothing lacks but some of the newest frames up to a seq, if any."""
        return not self._gaps and self.last <= last <= self.last + MOST_BEHIND

    def skip(self, seq: int) -> None:
        """Note that the frames up to a seq were sent."""
        self._next = max(self._next, seq + 1)

    def is_old(self, first: int) -> bool:
        """Tell whether a range that begins with `first` was skipped for newer frames."""
        return first < self._next

    def sent(self, first: int, last: int) -> None:
        """Note that the frames first to last, a beginning of `upcoming`, were sent."""
        if first == self._next:
            self._next = last + 1
        elif last >= self._gaps[0][1]:
            del self._gaps[0]
        else:
            self._gaps[0] = (last + 1, self._gaps[0][1])


class Viewer:
    """One viewer of one run."""

    def __init__(self, websocket: WebSocket, run: Run, edge: LiveEdge, after: int, outline: int = 0) -> None:
        self._websocket = websocket
        self._run = run
        self._edge = edge
        self._recording: Recording | None = None
        self._whole: WholeFrames | None = None
        self._backlog = Backlog(after)
        self._outline = outline
        self._write = prepared_writer(websocket)
        self._sentences: asyncio.Future[Sequence[Event]] | None = None

    async def follow(self) -> None:
        """Send what there is and what comes, until the run has ended and everything is sent."""
        there = self._edge.cursor
        news = News(self._run, there and there.news.events)
        edge = self._edge
        async with edge.introductions.room(max(len(self._run.header_text), edge.introduced)):
            text = news.introduction()
            edge.introduced = len(text)
            await self._websocket.send_text(text)
            await drained(self._websocket)
        self._sentences = asyncio.ensure_future(sentences_of(self._run))
        try:
            await self._follow(news)
            await self._send_sentences()
        finally:
            if self._sentences is not None:
                self._sentences.cancel()

    async def _follow(self, news: News) -> None:
        while True:
            changed = self._run.signal.changed
            ended = self._run.state.ended
            # To join the others it goes as far as they have come, and no further.
            there = None if ended or self._write is None else self._edge.cursor
            last = there.seq if there else self._run.seq  # what lays out the frames up to here is among the news
            for text in news.take(there and there.news.events):
                await self._websocket.send_text(text)
            if self._sentences is not None and self._sentences.done():
                await self._send_sentences()
            if self._write is not None and not ended and self._backlog.lacks_few(last):
                news = await self._stay_at_the_edge(news)
                continue
            if await self._send_frames(last):
                continue
            if ended:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), STATE_SECONDS if news.late else None)

    async def _stay_at_the_edge(self, news: News) -> News:
        """Follow with the others until the run has ended or what was sent is not taken; return what was sent."""
        left = await self._edge.join(self, self._backlog.last, news)
        if left is None:
            await asyncio.sleep(JOIN_SECONDS)
            return news
        try:
            await self.put_away()
            seq, news = await left
        finally:
            self._edge.leave(self)
        self._backlog.skip(seq)
        return news.copy()

    def deliver(self, message: bytes) -> bool:
        """Write websocket frames; return False, having written nothing, where those before were not taken yet."""
        return self._write is not None and self._write(message)

    async def put_away(self) -> None:
        """Close the recording: who follows with the others reads none."""
        recording, self._recording, self._whole = self._recording, None, None
        if recording is not None:
            await asyncio.to_thread(leave, recording, self._run)

    async def _opened(self) -> Recording:
        if self._recording is None:
            self._recording = await asyncio.to_thread(open_recording, self._run.path)
        return self._recording

    async def _send_sentences(self) -> None:
        """Send, once, what is narrated of a recording that holds no sentences."""
        sentences, self._sentences = self._sentences, None
        for event in await sentences if sentences is not None else ():
            await self._websocket.send_text(json.dumps({"type": "event", "event": event.model_dump(mode="json")}))

    async def _send_frames(self, newest: int) -> bool:
        wanted = self._backlog.upcoming(newest)
        if wanted is None:
            return False
        first, last = wanted
        if self._outline > 1 and self._backlog.is_old(first):
            await self._send_outline(first, last)
            return True
        frames, upto = self._edge.recently(first - 1, last), last
        if frames:
            upto = frames[-1].seq
        else:
            frames, upto = await self._read(first - 1, last)
        if frames:
            await self._websocket.send_bytes(b"".join(frame.data for frame in frames))
            self._edge.count(len(frames))
        self._backlog.sent(first, upto)
        return True

    async def _read(self, after: int, upto: int) -> tuple[list[Frame], int]:
        """Return the next frames that are whole, and up to which seq these are all."""
        recording = await self._opened()
        whole = self._whole = self._whole or WholeFrames(recording)
        # A spool file that somebody put among the recordings begins in mid-run.
        frames, upto = await asyncio.to_thread(whole.read, after, upto, MESSAGE_BYTES)
        if whole.error is not None and self._run.damage is None:
            self._run.find_damaged(whole.error)
        return frames, upto

    async def _send_outline(self, first: int, last: int) -> None:
        """Send some frames of a long history, from its start to its end, before all of them."""
        every = outline_stride(self._outline, last - first + 1, self._run.frame_bytes.values())
        self._outline = 0
        try:
            frames = await asyncio.to_thread((await self._opened()).outline, first - 1, last, every)
        except RecordingError:  # what is whole comes in its order
            return
        message: list[bytes] = []
        size = 0
        for frame in frames:
            if message and size + len(frame.data) > MESSAGE_BYTES:
                await self._websocket.send_bytes(b"".join(message))
                message, size = [], 0
            message.append(frame.data)
            size += len(frame.data)
        if message:
            await self._websocket.send_bytes(b"".join(message))
        self._edge.count(len(frames))
        await self._websocket.send_text(json.dumps({"type": "outline", "every": every, "upto": last}))


def outline_stride(wanted: int, frames: int, sizes: Iterable[int]) -> int:
    """Return each how many-th of so many frames an outline has: as wanted, or fewer where those would be too much."""
    return max(wanted, -(-frames * max([OUTLINE_FRAME, *sizes]) // OUTLINE_BYTES))


@router.websocket("/api/runs/{run_id}/stream")
async def stream(websocket: WebSocket, run_id: str, server: Server, after: int = 0, outline: int = 0) -> None:
    """Send a run's frames after a seq, of a long history each `outline`-th first if asked to, then follow it."""
    await websocket.accept()
    run = await asyncio.to_thread(server.store.get, run_id)
    if run is None:
        await websocket.close(UNKNOWN_RUN, f"there is no run {run_id!r}"[:120])
        return
    if after < 0:
        await websocket.close(1008, f"after={after} is not a seq")
        return
    viewer = Viewer(websocket, run, server.edges.of(run), after, outline)
    try:
        with server.meters.viewers.track_inprogress():
            await _until_either(viewer.follow(), _until_gone(websocket))
    except (RecordingError, FileNotFoundError) as error:
        said = as_notice(error) if isinstance(error, RecordingError) else notice("end.recording_removed")
        await websocket.close(UNREADABLE, without_path(said, run.path).text.encode()[:120].decode(errors="ignore"))
        return
    finally:
        await viewer.put_away()
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close()


async def _until_gone(websocket: WebSocket) -> None:
    # A viewer sends nothing; receiving is how its leaving is noticed.
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _until_either(following: Coroutine[Any, Any, None], gone: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(following), asyncio.ensure_future(gone)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done() and not tasks[1].done():
            tasks[0].result()
    except WebSocketDisconnect:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
