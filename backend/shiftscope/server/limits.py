"""What a request may be, before anything reads it: how long its address and its body are, and how long it takes.

docs/operations.md lists the limits.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from shiftscope.notices import NoticeError, notice
from shiftscope.server.problems import body_of

ADDRESS_BYTES = 8 << 10
"""Longest path of a request, query included."""
HEADER_BYTES = 32 << 10
"""Most that the headers of a request may be in all."""
BODY_BYTES = 64 << 10
"""Largest body of a request: the largest RunConfig has a few KiB."""


class TooMuch(NoticeError):
    """A request is more than is accepted."""

    def __init__(self, status: HTTPStatus, code: str, **most: float) -> None:
        super().__init__(notice(code, **most))
        self.status = status


class LimitsMiddleware:
    """Reads the body of each request, within its limits and so many `seconds`, before the application does."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on to the application."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        try:
            _check_head(scope)
            if scope["type"] == "http" and not _is_state(scope):
                receive = await _with_body(Headers(scope=scope), receive, self.seconds)
        except TooMuch as error:
            refusal = JSONResponse(body_of(error.notice), status_code=error.status)
            answers = scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {})
            closing = WebSocketClose(code=1008, reason=error.notice.text)
            await (refusal if answers else closing)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_state(scope: Scope) -> bool:
    """Whether a run's state is sent: that is larger than any request, and who takes it has limits of its own."""
    return scope["method"] == "PUT" and re.search(r"/api/runs/[^/]+/checkpoint$", scope["path"]) is not None


def _check_head(scope: Scope) -> None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > ADDRESS_BYTES:
        raise TooMuch(HTTPStatus.REQUEST_URI_TOO_LONG, "refused.address", most=ADDRESS_BYTES)
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEADER_BYTES:
        raise TooMuch(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "refused.head", most=HEADER_BYTES)


async def _with_body(headers: Headers, receive: Receive, seconds: float) -> Receive:
    """Return what receives a request whose body is here. Raises TooMuch."""
    announced = headers.get("content-length", "0")
    if "transfer-encoding" not in headers and announced == "0":
        return receive
    if announced.isdecimal() and int(announced) > BODY_BYTES:
        raise TooMuch(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "refused.body", most=BODY_BYTES)
    try:
        async with asyncio.timeout(seconds):
            whole: list[Message] = [await _body(receive)]
    except TimeoutError:
        raise TooMuch(HTTPStatus.REQUEST_TIMEOUT, "refused.late", seconds=seconds) from None

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay


async def _body(receive: Receive) -> Message:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > BODY_BYTES:
            raise TooMuch(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "refused.body", most=BODY_BYTES)
        if not message.get("more_body"):
            return {"type": "http.request", "body": bytes(body), "more_body": False}
