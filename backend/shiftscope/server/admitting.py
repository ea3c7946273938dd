"""How a producer comes in: its hello, the run that it feeds, and what it is told of it."""

from __future__ import annotations

import asyncio
from typing import Any, get_args

from fastapi import WebSocket, WebSocketDisconnect

from shiftscope.notices import NoticeError, notice
from shiftscope.server.incoming import read_hello
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import Run
from shiftscope.server.services import Services
from shiftscope.server.socket_producer import SocketProducer
from shiftscope.server.visitors import may_begin, started_by
from shiftscope.wire.messages import WIRE, Command, EventKind, Welcome


class ProtocolError(NoticeError):
    """A producer said what it may not; the message becomes the socket's close reason."""


class HasEnded(NoticeError):
    """The run has ended, and takes nothing more."""


async def admit(websocket: WebSocket, server: Services) -> tuple[Run, SocketProducer, str]:
    """Return the run that a producer feeds from now on, and the token that admits it."""
    hello = read_hello(await _first_text(websocket, server.settings.request_seconds))
    producer = SocketProducer(websocket)
    if not hello.run:
        if not may_begin(websocket):
            raise ProtocolError("the secret of a run adds to that run alone")
        await server.quotas.check_room()
        run = await asyncio.to_thread(
            server.store.create, hello.name or notice("name.script"), "script", None, by=started_by(websocket)
        )
        run.producer = producer
        token = await asyncio.to_thread(run.new_token)
        await run.move(RunState.PREPARING)
        return run, producer, token
    found = await asyncio.to_thread(server.store.get, hello.run)
    if found is None:
        raise ProtocolError(f"there is no run {hello.run!r} with that token")
    _refuse_others(found, hello.token)
    async with found.admitting:
        _refuse_others(found, hello.token)  # another worker may have been given the run meanwhile
        if found.producer is not None:
            # The token is its own: what seems to be there is what is left of a connection that broke.
            await found.producer.displace()
        if found.state.ended and found.state is not RunState.INTERRUPTED:
            raise HasEnded(f"run {found.id} is {found.state}")
        await found.come_back()
        found.producer = producer
    return found, producer, hello.token


def _refuse_others(run: Run, token: str) -> None:
    """Raise HasEnded where another worker has gone on with the run, ProtocolError where the token is not its own."""
    if run.has_replaced(token):
        raise HasEnded(notice("refused.replaced", run=run.id))
    if not run.admits(token):
        raise ProtocolError(f"there is no run {run.id!r} with that token")


async def _first_text(websocket: WebSocket, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            message = await websocket.receive()
    except TimeoutError:
        raise ProtocolError(notice("refused.silent", seconds=seconds)) from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    if message.get("text") is None:
        raise ProtocolError("the first message must be a hello, in text")
    return str(message["text"])


async def welcome(websocket: WebSocket, run: Run, token: str) -> None:
    """Send a producer what is kept of its run, and what was changed meanwhile."""
    seq, events, begun = await run.kept()
    kinds = get_args(EventKind)
    welcome = Welcome(
        run=run.id, token=token, after=seq, events=events, begun=begun, kinds=kinds, wire=WIRE, last=run.last
    )
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
