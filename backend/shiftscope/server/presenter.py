"""The pages' socket: what one page presents, others may follow (docs/protocol.md, "The audience").

Nothing is kept and nothing is queued: each page is sent how it stands, the newest alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shiftscope.notices import notice
from shiftscope.server.audience import Audience
from shiftscope.server.roles import Role
from shiftscope.server.services import Server
from shiftscope.server.socket_producer import fitting
from shiftscope.server.visitors import visitor

router = APIRouter()

SEND_SECONDS = 0.1
"""A page is sent how it stands so often at most."""
MESSAGE_CHARS = 16 << 10
"""Longest message of a page."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Present(_Said):
    """A page presents from now on, or goes on to, what its link shows."""

    type: Literal["present"]
    view: str = Field(max_length=8000, pattern=r"^(\?.*)?$")


class Call(_Said):
    """Everyone is to come to the presenter, once."""

    type: Literal["call"]


class Leave(_Said):
    """A page does not present any more."""

    type: Literal["leave"]


class Follow(_Said):
    """Whether this page follows the presenter."""

    type: Literal["follow"]
    following: bool


_SAID: TypeAdapter[Present | Call | Leave | Follow] = TypeAdapter(
    Annotated[Present | Call | Leave | Follow, Field(discriminator="type")]
)


@router.websocket("/api/audience")
async def audience(websocket: WebSocket, server: Server) -> None:
    """Send a page how it stands with presenter and audience; hear what it does."""
    await websocket.accept()
    page = object()
    server.audience.come(page)
    sending = asyncio.create_task(_send(websocket, server.audience, page))
    try:
        while True:
            await _hear(websocket, server.audience, page)
    except (WebSocketDisconnect, RuntimeError):
        pass
    except (ValidationError, PermissionError) as error:
        reason = str(error) if isinstance(error, PermissionError) else "this is no message of a page"
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await websocket.close(1008, fitting(reason))
    finally:
        sending.cancel()
        server.audience.go(page)


async def _hear(websocket: WebSocket, audience: Audience, page: object) -> None:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    text = message.get("text") or ""
    said = _SAID.validate_json(text if len(text) <= MESSAGE_CHARS else "")
    if not isinstance(said, Follow) and visitor(websocket).role is not Role.CONTROL:
        raise PermissionError(notice("refused.presenter").text)
    match said:
        case Present():
            audience.present(page, said.view)
        case Call():
            audience.call(page)
        case Leave():
            audience.leave(page)
        case Follow():
            audience.follow(page, following=said.following)


async def _send(websocket: WebSocket, audience: Audience, page: object) -> None:
    sent: dict[str, Any] = {}
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        while True:
            changed = audience.changed
            if (now := audience.as_seen_by(page)) != sent:
                sent = now
                await websocket.send_json(now)
                await asyncio.sleep(SEND_SECONDS)
            else:
                await changed.wait()
