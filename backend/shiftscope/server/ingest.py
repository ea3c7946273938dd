"""The producer's socket: the one way in for every measurement (docs/protocol.md, "A producer")."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, get_args

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from starlette.websockets import WebSocketState

from shiftscope.notices import Notice, NoticeError, as_notice, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.services import Server, Services
from shiftscope.server.socket_producer import DISPLACE_SECONDS, SocketProducer, fitting
from shiftscope.wire.frames import Frame, FrameError, split
from shiftscope.wire.messages import (
    ENDED,
    PRODUCER_MESSAGE,
    TRY_AGAIN,
    WIRE,
    Acknowledged,
    Begin,
    Command,
    End,
    EventKind,
    EventMessage,
    Hello,
    PreparingMessage,
    ProducerMessage,
    Progress,
    Welcome,
)

logger = logging.getLogger(__name__)
router = APIRouter()

ACKNOWLEDGE_SECONDS = 0.2
SHUT_DOWN = 1012
"""Close code of a server that goes away."""
BROKEN = 1006
"""Close code of a connection that ended without one."""
LEFT = frozenset({1000, 1001})
"""Close codes of a producer that left of its own accord; by any other the connection broke (uvicorn says 1005 then)."""


class ProtocolError(NoticeError):
    """A producer said what it may not; the message becomes the socket's close reason."""


class HasEnded(NoticeError):
    """The run has ended, and takes nothing more."""


@router.websocket("/api/ingest")
async def ingest(websocket: WebSocket, server: Server) -> None:
    """Receive a producer's measurements, keep them, acknowledge them."""
    await websocket.accept()
    try:
        run, producer, token = await _admit(websocket, server)
    except (ProtocolError, HasEnded, ValidationError, RecordingError, OSError, TimeoutError) as error:
        await _refuse(websocket, error)
        return
    except WebSocketDisconnect:
        return
    acknowledging = asyncio.create_task(_acknowledge(websocket, run))
    try:
        await _welcome(websocket, run, token)
        await producer.listen(_listen(websocket, run))
        await websocket.send_text(_acknowledgement(run))
        await websocket.close()
    except asyncio.CancelledError:
        if not producer.displaced:
            raise
        await _refuse(websocket, TimeoutError("another connection of this run took the place of this one"))
    except WebSocketDisconnect as gone:
        await _gone(run, await _close_code(websocket, gone))
    except RecordingError as error:
        await _refuse(websocket, error)
        await run.lose(notice("absence.not_kept", error=_words(error)))
    except (ProtocolError, ValidationError, FrameError, IllegalTransition) as error:
        await _refuse(websocket, error)
        await _interrupt(run, notice("end.producer_refused", error=_words(error)))
    except Exception as error:
        # The boundary of a connection: whatever went wrong, the run must not seem to go on.
        logger.exception("the producer of run %s", run.id)
        await _refuse(websocket, error)
        await _interrupt(run, notice("end.producer_lost", error=_words(error)))
    finally:
        if run.producer is producer:
            run.producer = None
        acknowledging.cancel()
        producer.gone()


async def _admit(websocket: WebSocket, server: Services) -> tuple[Run, SocketProducer, str]:
    """Return the run that a producer feeds from now on, and the token that admits it."""
    hello = Hello.model_validate_json(await _receive_text(websocket))
    producer = SocketProducer(websocket)
    if not hello.run:
        run = await asyncio.to_thread(server.store.create, hello.name or notice("name.script"), "script", None)
        run.producer = producer
        token = await asyncio.to_thread(run.new_token)
        await run.move(RunState.PREPARING)
        return run, producer, token
    found = server.store.get(hello.run)
    if found is None or not found.admits(hello.token):
        raise ProtocolError(f"there is no run {hello.run!r} with that token")
    async with found.admitting:
        if found.producer is not None:
            # The token is its own: what seems to be there is what is left of a connection that broke.
            await found.producer.displace()
        if found.state.ended and found.state is not RunState.INTERRUPTED:
            raise HasEnded(f"run {found.id} is {found.state}")
        await found.come_back()
        found.producer = producer
    return found, producer, hello.token


async def _receive_text(websocket: WebSocket) -> str:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    if message.get("text") is None:
        raise ProtocolError("the first message must be a hello, in text")
    return str(message["text"])


async def _welcome(websocket: WebSocket, run: Run, token: str) -> None:
    seq, events, begun = await run.kept()
    kinds = get_args(EventKind)
    welcome = Welcome(run=run.id, token=token, after=seq, events=events, begun=begun, kinds=kinds, wire=WIRE)
    await websocket.send_text(welcome.to_json())
    config = run.info.config
    if config is None or run.producer is None:
        return
    # What was changed while there was no connection: its worker was started by the config alone.
    changed: dict[str, Any] = {}
    if begun or run.status.pace != config.pace:
        changed["pace"] = run.status.pace
    if run.status.learning_rate != config.optimizer.learning_rate:
        changed["learning_rate"] = run.status.learning_rate
    if run.status.interventions:
        changed["networks"] = dict(run.status.interventions)
    if changed:
        await run.producer.command(Command(command="set", **changed))
    if begun:
        await run.producer.command(Command(command="pause" if run.state is RunState.PAUSED else "resume"))


async def _listen(websocket: WebSocket, run: Run) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        data, text = message.get("bytes"), message.get("text")
        if data is not None:
            # What has begun to be written is written to its end, also when another connection takes the place.
            await asyncio.shield(run.append(_in_order(list(split(data, run.frame_bytes)), run)))
        elif text is not None and not await _obey(PRODUCER_MESSAGE.validate_json(text), run):
            return


def _in_order(frames: list[Frame], run: Run) -> list[Frame]:
    if not frames:
        raise FrameError("an empty message")
    for expected, frame in enumerate(frames, run.seq + 1):
        if frame.seq != expected:
            raise FrameError(f"frame {frame.seq} follows on {expected - 1}")
    return frames


async def _obey(message: ProducerMessage, run: Run) -> bool:
    """Do what a message says; return whether more may follow."""
    match message:
        case PreparingMessage():
            run.prepare(message)
        case Begin():
            await asyncio.shield(run.begin(message.header))
        case Progress():
            run.progress(message.step)
        case EventMessage():
            if message.kind == "layouts":
                _check_layouts(message, run)
            about = message.model_dump(exclude={"type", "kind", "message", "code", "values"})
            await asyncio.shield(run.record(message.kind, message.notice, **about))
        case End():
            await asyncio.shield(run.move(RunState(message.state), message.notice))
            return False
    return True


def _check_layouts(message: EventMessage, run: Run) -> None:
    try:
        run.revised(message.value)
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


async def _close_code(websocket: WebSocket, gone: WebSocketDisconnect) -> int:
    """Return why a connection is over: where sending found that out, what was received last says it."""
    if gone.code == BROKEN and websocket.client_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(DISPLACE_SECONDS):
                while (message := await websocket.receive())["type"] != "websocket.disconnect":
                    pass
                return int(message.get("code", BROKEN))
    return gone.code


async def _gone(run: Run, code: int) -> None:
    if code in LEFT:
        await _interrupt(run, notice("end.script_left"))
    else:
        await run.lose(notice("absence.server_shut_down" if code == SHUT_DOWN else "absence.lost"))


async def _interrupt(run: Run, reason: Notice) -> None:
    # The supervisor says how a launched worker ended.
    if not run.conducted and not run.state.ended:
        await run.move(RunState.INTERRUPTED, reason)


async def _refuse(websocket: WebSocket, error: Exception) -> None:
    code = 1008
    if isinstance(error, HasEnded):
        code = ENDED
    elif isinstance(error, RecordingError | OSError):  # a full disk, or a connection that does not let go
        code = TRY_AGAIN
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close(code, fitting(_words(error).text))


def _words(error: Exception) -> Notice:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return Notice(text=f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return as_notice(error)
