"""The producer's socket: the one way in for every measurement (docs/protocol.md, "A producer")."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from itertools import islice

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from shiftscope.notices import notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server.admitting import HasEnded, ProtocolError, admit, welcome
from shiftscope.server.incoming import (
    MESSAGE_BYTES,
    MESSAGE_FRAMES,
    RUN_EVENT_CHARS,
    RUN_EVENTS,
    TooMuchSent,
    check_header,
    read_message,
)
from shiftscope.server.parting import end_full, interrupt, note_leaving, refuse, words
from shiftscope.server.problems import without_folder
from shiftscope.server.quotas import QuotaExceeded
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.services import Server, Services
from shiftscope.server.socket_connection import ROOM
from shiftscope.server.socket_producer import SocketProducer
from shiftscope.server.visitors import link_of
from shiftscope.wire.assignment import Applied
from shiftscope.wire.frames import Frame, FrameError, split
from shiftscope.wire.messages import Acknowledged, Begin, End, EventMessage, PreparingMessage, ProducerMessage, Progress

logger = logging.getLogger(__name__)
router = APIRouter()

ACKNOWLEDGE_SECONDS = 0.2


@router.websocket("/api/ingest")
async def ingest(websocket: WebSocket, server: Server) -> None:
    """Receive a producer's measurements, keep them, acknowledge them."""
    await websocket.accept()
    try:
        with server.quotas.producing(link_of(websocket)):
            await _serve(websocket, server)
    except QuotaExceeded as error:
        await refuse(websocket, error)


async def _serve(websocket: WebSocket, server: Services) -> None:
    try:
        admitted = await admit(websocket, server)
    except (ProtocolError, TooMuchSent, QuotaExceeded, HasEnded, ValidationError, RecordingError, OSError) as error:
        await refuse(websocket, error)
        return
    except WebSocketDisconnect:
        return
    if room := websocket.scope.get("extensions", {}).get(ROOM):
        room["allow"](MESSAGE_BYTES)
    await _feed(websocket, server, *admitted)


async def _feed(websocket: WebSocket, server: Services, run: Run, producer: SocketProducer, token: str) -> None:
    acknowledging = asyncio.create_task(_acknowledge(websocket, run))
    try:
        await welcome(websocket, run, token)
        await producer.listen(_listen(websocket, run, server))
        await websocket.send_text(_acknowledgement(run))
        await websocket.close()
    except asyncio.CancelledError:
        if not producer.displaced:
            raise
        producer.gone()
        await refuse(websocket, _displaced(run, token))
    except WebSocketDisconnect as gone:
        await note_leaving(websocket, run, gone)
    except RecordingError as error:
        await refuse(websocket, error)
        await run.lose(notice("absence.not_kept", error=without_folder(words(error), server.settings.data)))
    except QuotaExceeded as error:
        await end_full(websocket, run, error)
    except (ProtocolError, TooMuchSent, ValidationError, FrameError, IllegalTransition) as error:
        await refuse(websocket, error)
        await interrupt(run, notice("end.producer_refused", error=words(error)))
    except Exception as error:
        # The boundary of a connection: whatever went wrong, the run must not seem to go on.
        logger.exception("the producer of run %s", run.id)
        await refuse(websocket, error)
        await interrupt(run, notice("end.producer_lost", error=words(error)))
    finally:
        if run.producer is producer:
            run.producer = None
        acknowledging.cancel()
        producer.gone()


def _displaced(run: Run, token: str) -> Exception:
    """Return why a connection had to let go of its run: whoever may come again does."""
    if run.has_replaced(token):
        return HasEnded(notice("refused.replaced", run=run.id))
    return TimeoutError("another connection of this run took the place of this one")


async def _listen(websocket: WebSocket, run: Run, server: Services) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        data, text = message.get("bytes"), message.get("text")
        if data is not None:
            # What has begun to be written is written to its end, also when another connection takes the place.
            began = time.monotonic()
            await server.quotas.check_run(run.path)
            frames = list(islice(split(data, run.frame_bytes), MESSAGE_FRAMES + 1))
            await asyncio.shield(run.append(_in_order(frames, run)))
            server.meters.ingest.observe(time.monotonic() - began)
            server.meters.frames_received.inc(len(frames))
        elif text is not None and not await _obey(await read_message(text), len(text), run):
            return


def _in_order(frames: list[Frame], run: Run) -> list[Frame]:
    if not frames:
        raise FrameError("an empty message")
    if len(frames) > MESSAGE_FRAMES:
        raise TooMuchSent(notice("refused.frames", most=MESSAGE_FRAMES))
    for expected, frame in enumerate(frames, run.seq + 1):
        if frame.seq != expected:
            raise FrameError(f"frame {frame.seq} follows on {expected - 1}")
    return frames


async def _obey(message: ProducerMessage, chars: int, run: Run) -> bool:
    """Do what a message of so many characters says; return whether more may follow."""
    match message:
        case PreparingMessage():
            if run.header is None:  # else the run goes on, and is shown as that
                run.prepare(message)
        case Begin():
            await asyncio.shield(run.begin(message.header))
        case Progress():
            run.progress(message.step)
        case EventMessage():
            _count_event(chars, run)
            if message.kind == "layouts":
                await asyncio.to_thread(_check_layouts, message, run)
            elif message.kind == "applied":
                Applied.model_validate(message.value)
            if run.knows(message):
                return True
            about = message.model_dump(exclude={"type", "kind", "message", "code", "values"})
            await asyncio.shield(run.record(message.kind, message.notice, **about))
        case End():
            await asyncio.shield(run.move(RunState(message.state), message.notice))
            return False
    return True


def _count_event(chars: int, run: Run) -> None:
    run.event_chars += chars
    if run.events_received >= RUN_EVENTS or run.event_chars > RUN_EVENT_CHARS:
        raise TooMuchSent(notice("refused.events", most=RUN_EVENTS, size=RUN_EVENT_CHARS >> 20))


def _check_layouts(message: EventMessage, run: Run) -> None:
    try:
        check_header(run.revised(message.value))
    except ValidationError:
        raise
    except ValueError as error:
        raise ProtocolError(str(error)) from error


def _acknowledgement(run: Run) -> str:
    return Acknowledged(seq=run.seq, events=run.events_received).to_json()


async def _acknowledge(websocket: WebSocket, run: Run) -> None:
    """Acknowledge now and then what is kept; the run's signal wakes this as it wakes the viewers."""
    acknowledged = run.seq, run.events_received
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        while True:
            changed = run.signal.changed
            if (kept := (run.seq, run.events_received)) != acknowledged:
                acknowledged = kept
                await websocket.send_text(_acknowledgement(run))
                await asyncio.sleep(ACKNOWLEDGE_SECONDS)
            else:
                await changed.wait()
