"""The viewer's socket: the one way out, for live viewing, joining late, reconnecting and replaying alike.

Each viewer reads the recording at its own cursor. A slow one holds up its own socket and nothing else: no frame is
queued for it, it is simply read later.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import JsonValue

from shiftscope.recording.documents import Event
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.recording.writer import settle
from shiftscope.server.narration import sentences_of
from shiftscope.server.runs import Run
from shiftscope.server.services import Server

router = APIRouter()

MESSAGE_BYTES = 512 * 1024
"""Largest binary message, single frames apart: small enough that newer frames soon get their turn."""
STATE_SECONDS = 0.1
NEWEST = 64
"""A viewer that needs more frames than these gets the newest of them first."""
UNKNOWN_RUN = 4404


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

    def __init__(self, websocket: WebSocket, run: Run, recording: Recording, after: int, outline: int = 0) -> None:
        self._websocket = websocket
        self._run = run
        self._recording = recording
        self._backlog = Backlog(after)
        self._outline = outline
        self._view_sent: dict[str, JsonValue] = {}
        self._view_sent_at = 0.0
        self._events_sent = 0
        self._header_sent = False
        self._sentences: asyncio.Future[Sequence[Event]] | None = None

    async def follow(self) -> None:
        """Send what there is and what comes, until the run has ended and everything is sent."""
        await self._introduce()
        self._sentences = asyncio.ensure_future(sentences_of(self._run))
        try:
            await self._follow()
            await self._send_sentences()
        finally:
            if self._sentences is not None:
                self._sentences.cancel()

    async def _follow(self) -> None:
        while True:
            changed = self._run.signal.changed
            ended = self._run.state.ended
            last = self._run.seq  # what lays out the frames up to here is among the news
            late = await self._send_news()
            if self._sentences is not None and self._sentences.done():
                await self._send_sentences()
            if await self._send_frames(last):
                continue
            if ended:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), STATE_SECONDS if late else None)

    async def _introduce(self) -> None:
        run = self._run
        self._header_sent = run.header is not None
        self._events_sent = len(run.events)
        self._view_sent = run.view.model_dump(mode="json")
        events: list[JsonValue] = [event.model_dump(mode="json") for event in run.events]
        header = run.header.model_dump(mode="json") if run.header else None
        await self._send(type="run", run=self._view_sent, header=header, events=events, last_seq=run.seq)

    async def _send_news(self) -> bool:
        """Send what changed about the run; return whether more is to be sent a little later."""
        run = self._run
        if run.header is not None and not self._header_sent:
            self._header_sent = True
            await self._send(type="header", header=run.header.model_dump(mode="json"))
        while self._events_sent < len(run.events):
            event = run.events[self._events_sent]
            self._events_sent += 1
            await self._send(type="event", event=event.model_dump(mode="json"))
        view = run.view.model_dump(mode="json")
        if {**view, "elapsed": 0} == {**self._view_sent, "elapsed": 0}:
            return False
        if view["state"] == self._view_sent["state"] and time.monotonic() - self._view_sent_at < STATE_SECONDS:
            return True
        self._view_sent, self._view_sent_at = view, time.monotonic()
        await self._send(type="state", run=view)
        return False

    async def _send_sentences(self) -> None:
        """Send, once, what is narrated of a recording that holds no sentences."""
        sentences, self._sentences = self._sentences, None
        for event in await sentences if sentences is not None else ():
            await self._send(type="event", event=event.model_dump(mode="json"))

    async def _send_frames(self, newest: int) -> bool:
        wanted = self._backlog.upcoming(newest)
        if wanted is None:
            return False
        first, last = wanted
        if self._outline > 1 and self._backlog.is_old(first):
            await self._send_outline(first, last)
            return True
        frames = await asyncio.to_thread(self._recording.read, first - 1, last, max_bytes=MESSAGE_BYTES)
        if frames:
            await self._websocket.send_bytes(b"".join(frame.data for frame in frames))
        # A spool file that somebody put among the recordings begins in mid-run.
        self._backlog.sent(first, frames[-1].seq if frames else last)
        return True

    async def _send_outline(self, first: int, last: int) -> None:
        """Send some frames of a long history, from its start to its end, before all of them."""
        every, self._outline = self._outline, 0
        frames = await asyncio.to_thread(self._recording.outline, first - 1, last, every)
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
        await self._send(type="outline", every=every, upto=last)

    async def _send(self, **message: JsonValue) -> None:
        await self._websocket.send_text(json.dumps(message))


@router.websocket("/api/runs/{run_id}/stream")
async def stream(websocket: WebSocket, run_id: str, server: Server, after: int = 0, outline: int = 0) -> None:
    """Send a run's frames after a seq, of a long history each `outline`-th first if asked to, then follow it."""
    await websocket.accept()
    run = server.store.get(run_id)
    if run is None:
        await websocket.close(UNKNOWN_RUN, f"there is no run {run_id!r}"[:120])
        return
    if after < 0:
        await websocket.close(1008, f"after={after} is not a seq")
        return
    recording = await asyncio.to_thread(open_recording, run.path)
    try:
        await _until_either(Viewer(websocket, run, recording, after, outline).follow(), _until_gone(websocket))
    finally:
        await asyncio.to_thread(_leave, recording, run)
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


def _leave(recording: Recording, run: Run) -> None:
    recording.close()
    if run.state.ended:
        settle(run.path)
