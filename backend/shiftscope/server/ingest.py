"""The producer's socket: the one way in for every measurement (docs/protocol.md, "A producer")."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from typing_extensions import override

from shiftscope.notices import Notice, NoticeError, as_notice, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Producer, Run
from shiftscope.server.services import Server, Services
from shiftscope.wire.frames import Frame, FrameError, split
from shiftscope.wire.messages import (
    PRODUCER_MESSAGE,
    Acknowledged,
    Begin,
    Command,
    End,
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


class ProtocolError(NoticeError):
    """A producer said what it may not; the message becomes the socket's close reason."""


class SocketProducer(Producer):
    """Sends commands to the producer at the other end of a socket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    @override
    async def command(self, command: Command) -> None:
        # A socket that is closing takes no command; the run's end is on its way then.
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.send_text(command.to_json())

    @override
    async def close(self, reason: Notice) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.close(1008, _fitting(reason.text))


@router.websocket("/api/ingest")
async def ingest(websocket: WebSocket, server: Server) -> None:
    """Receive a producer's measurements, keep them, acknowledge them."""
    await websocket.accept()
    try:
        run = await _admit(websocket, server)
    except (ProtocolError, ValidationError, RecordingError) as error:
        await _refuse(websocket, error)
        return
    except WebSocketDisconnect:
        return
    run.producer = SocketProducer(websocket)
    acknowledging = asyncio.create_task(_acknowledge(websocket, run))
    try:
        await _welcome(websocket, run)
        await _listen(websocket, run)
        await websocket.send_text(Acknowledged(seq=run.seq).to_json())
        await websocket.close()
    except WebSocketDisconnect as gone:
        await _lost(run, notice("end.server_shut_down" if gone.code == SHUT_DOWN else "end.script_left"))
    except (ProtocolError, ValidationError, FrameError, IllegalTransition, RecordingError) as error:
        await _refuse(websocket, error)
        await _lost(run, notice("end.producer_refused", error=_words(error)))
    except Exception as error:
        # The boundary of a connection: whatever went wrong, the run must not seem to go on.
        logger.exception("the producer of run %s", run.id)
        await _refuse(websocket, error)
        await _lost(run, notice("end.producer_lost", error=_words(error)))
    finally:
        run.producer = None
        acknowledging.cancel()


async def _admit(websocket: WebSocket, server: Services) -> Run:
    hello = Hello.model_validate_json(await _receive_text(websocket))
    if not hello.run:
        run = await asyncio.to_thread(server.store.create, hello.name or notice("name.script"), "script", None)
        await run.move(RunState.PREPARING)
        return run
    found = server.store.get(hello.run)
    if found is None or not hmac.compare_digest(found.token.encode(), hello.token.encode()):
        raise ProtocolError(f"there is no run {hello.run!r} with that token")
    if found.producer is not None or found.state.ended:
        raise ProtocolError(f"run {found.id} is {found.state}" + (" and has a producer" if found.producer else ""))
    return found


async def _receive_text(websocket: WebSocket) -> str:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    if message.get("text") is None:
        raise ProtocolError("the first message must be a hello, in text")
    return str(message["text"])


async def _welcome(websocket: WebSocket, run: Run) -> None:
    await websocket.send_text(Welcome(run=run.id, token=run.token, after=run.seq).to_json())
    config = run.info.config
    if config is None or run.producer is None:
        return
    # What was changed while the run was queued: its worker was started by the config alone.
    changed: dict[str, float | None] = {}
    if run.status.pace != config.pace:
        changed["pace"] = run.status.pace
    if run.status.learning_rate != config.optimizer.learning_rate:
        changed["learning_rate"] = run.status.learning_rate
    if changed:
        await run.producer.command(Command(command="set", **changed))


async def _listen(websocket: WebSocket, run: Run) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        data, text = message.get("bytes"), message.get("text")
        if data is not None:
            await run.append(_in_order(list(split(data, run.frame_bytes)), run))
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
            await run.begin(message.header)
        case Progress():
            run.progress(message.step)
        case EventMessage():
            about = message.model_dump(exclude={"type", "kind", "message", "code", "values"})
            await run.record(message.kind, message.notice, **about)
        case End():
            await run.move(RunState(message.state), message.notice)
            return False
    return True


async def _acknowledge(websocket: WebSocket, run: Run) -> None:
    """Acknowledge now and then what is kept; the run's signal wakes this as it wakes the viewers."""
    acknowledged = run.seq
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        while True:
            changed = run.signal.changed
            if run.seq > acknowledged:
                acknowledged = run.seq
                await websocket.send_text(Acknowledged(seq=acknowledged).to_json())
                await asyncio.sleep(ACKNOWLEDGE_SECONDS)
            else:
                await changed.wait()


async def _lost(run: Run, reason: Notice) -> None:
    # The supervisor says how a launched worker ended, which it knows better than its socket does.
    if run.info.source == "script" and not run.state.ended:
        await run.move(RunState.INTERRUPTED, reason)


async def _refuse(websocket: WebSocket, error: Exception) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close(1008, _fitting(_words(error).text))


def _words(error: Exception) -> Notice:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return Notice(text=f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return as_notice(error)


def _fitting(reason: str) -> str:
    # A close reason holds 123 bytes.
    return reason.encode()[:120].decode(errors="ignore")
