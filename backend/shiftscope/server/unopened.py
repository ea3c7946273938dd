"""What a websocket is answered that is not opened: a status and a sentence, as any other request."""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shiftscope.notices import Notice, notice
from shiftscope.server.problems import Refused, body_of, fields_problem


class UnopenedMiddleware:
    """Answers where the application closes what it has not accepted: the reason of such a closing reaches nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on to the application."""
        if scope["type"] != "websocket" or "websocket.http.response" not in scope.get("extensions", {}):
            await self.app(scope, receive, send)
            return
        accepted = False

        async def answering(message: Message) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            if message["type"] == "websocket.close" and not accepted:
                await _answer(scope, message.get("reason"))(scope, receive, send)
            else:
                await send(message)

        await self.app(scope, receive, answering)


def _answer(scope: Scope, reason: object) -> Refused:
    if isinstance(reason, list):  # what was wrong with the parameters
        return Refused(fields_problem(reason), HTTPStatus.UNPROCESSABLE_ENTITY)
    if reason:
        return Refused(body_of(Notice(text=str(reason))), HTTPStatus.BAD_REQUEST)
    said = notice("refused.no_such_address", asked=f"WEBSOCKET {scope['path']}"[:200])
    return Refused(body_of(said), HTTPStatus.NOT_FOUND)
