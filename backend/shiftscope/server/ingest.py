"""The producer's socket: the one way in for every measurement (docs/protocol.md, "A producer")."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from typing import Annotated, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from shiftscope.frames import Frame, FrameError, RunHeader, split
from shiftscope.recording import RecordingError
from shiftscope.server.runs import IllegalTransition, Preparing, Run, RunState
from shiftscope.server.services import Server, Services

router = APIRouter()

ACKNOWLEDGE_SECONDS = 0.2


class ProtocolError(Exception):
    """A producer said what it may not; the message becomes the socket's close reason."""


class Hello(BaseModel):
    """First message of a producer."""

    type: Literal["hello"]
    run: str = ""
    token: str = ""
    name: str = Field("", max_length=200)


class PreparingMessage(Preparing):
    """The run waits for something."""

    type: Literal["preparing"]


class Begin(BaseModel):
    """Training begins; the header says what the frames hold."""

    type: Literal["begin"]
    header: RunHeader


class Progress(BaseModel):
    """How far the training is."""

    type: Literal["progress"]
    step: int = Field(ge=0)


class EventMessage(BaseModel):
    """Something happened."""

    type: Literal["event"]
    kind: Literal["diverged", "note", "measured"]
    step: int = Field(ge=0)
    message: str = Field(max_length=4000)
    network: str = Field("", max_length=200)
    layer: str = Field("", max_length=200)
    value: JsonValue = Field(None, description="of a kind measured: what an experiment's verdict rests on")


class End(BaseModel):
    """No frame follows."""

    type: Literal["end"]
    state: Literal["finished", "stopped", "failed"]
    reason: str = Field("", max_length=4000)


Message = Annotated[PreparingMessage | Begin | Progress | EventMessage | End, Field(discriminator="type")]
_messages: TypeAdapter[Message] = TypeAdapter(Message)


class SocketProducer:
    """Sends commands to the producer at the other end of a socket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def command(self, command: str, **values: JsonValue) -> None:
        """See Producer. A socket that is closing takes no command; the run's end is on its way then."""
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.send_text(json.dumps({"type": "command", "command": command, **values}))


@router.websocket("/api/ingest")
async def ingest(websocket: WebSocket, server: Server) -> None:
    """Take a producer's measurements, keep them, acknowledge them."""
    await websocket.accept()
    try:
        run = await _greet(websocket, server)
    except (ProtocolError, ValidationError) as error:
        await _refuse(websocket, error)
        return
    except WebSocketDisconnect:
        return
    acknowledging = asyncio.create_task(_acknowledge(websocket, run))
    try:
        await _listen(websocket, run)
        await websocket.send_text(_acknowledgement(run.seq))
        await websocket.close()
    except (ProtocolError, ValidationError, FrameError, IllegalTransition, RecordingError) as error:
        await _refuse(websocket, error)
        await _lost(run, f"its producer was refused: {_words(error)}")
    except WebSocketDisconnect:
        await _lost(run, "the script that sent it closed the connection")
    finally:
        run.producer = None
        acknowledging.cancel()


async def _greet(websocket: WebSocket, server: Services) -> Run:
    hello = Hello.model_validate_json(await websocket.receive_text())
    if hello.run:
        run = server.store.get(hello.run)
        if run is None or not hmac.compare_digest(run.token, hello.token):
            raise ProtocolError(f"there is no run {hello.run!r} with that token")
        if run.producer is not None or run.state.ended:
            raise ProtocolError(f"run {run.id} is {run.state}" + (" and has a producer" if run.producer else ""))
    else:
        run = server.store.create(hello.name or "watched script", "script", None)
        await run.move(RunState.PREPARING)
    run.producer = SocketProducer(websocket)
    await websocket.send_text(json.dumps({"type": "welcome", "run": run.id, "token": run.token, "after": run.seq}))
    return run


async def _listen(websocket: WebSocket, run: Run) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        data, text = message.get("bytes"), message.get("text")
        if data is not None:
            await run.append(_in_order(list(split(data, run.frame_bytes)), run))
        elif text is not None and not await _heed(_messages.validate_json(text), run):
            return


def _in_order(frames: list[Frame], run: Run) -> list[Frame]:
    if not frames:
        raise FrameError("an empty message")
    for expected, frame in enumerate(frames, run.seq + 1):
        if frame.seq != expected:
            raise FrameError(f"frame {frame.seq} follows on {expected - 1}")
    return frames


async def _heed(message: Message, run: Run) -> bool:
    """Do what a message says; return whether more may follow."""
    match message:
        case PreparingMessage():
            run.prepare(message)
        case Begin():
            await run.begin(message.header)
        case Progress():
            run.progress(message.step)
        case EventMessage():
            await run.record(**message.model_dump(exclude={"type"}))
        case End():
            await run.move(RunState(message.state), message.reason)
            return False
    return True


async def _acknowledge(websocket: WebSocket, run: Run) -> None:
    """Tell the producer now and then what is kept, the way that viewers are told."""
    said = run.seq
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        while True:
            changed = run.signal.changed
            if run.seq > said:
                said = run.seq
                await websocket.send_text(_acknowledgement(said))
                await asyncio.sleep(ACKNOWLEDGE_SECONDS)
            else:
                await changed.wait()


def _acknowledgement(seq: int) -> str:
    return json.dumps({"type": "acknowledged", "seq": seq})


async def _lost(run: Run, reason: str) -> None:
    # The supervisor says how a launched worker ended, which it knows better than its socket does.
    if run.info.source == "script" and not run.state.ended:
        await run.move(RunState.INTERRUPTED, reason)


async def _refuse(websocket: WebSocket, error: Exception) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close(1008, _words(error))


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        text = str(error)
    # A close reason holds 123 bytes.
    return text.encode()[:120].decode(errors="ignore")
