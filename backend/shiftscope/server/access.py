"""Who may speak to the server, checked before anything else is done with a request.

A page of another site may not, even from this machine's browser: a server on loopback is reachable from every page that
its user opens. Two checks keep such pages out: requests must be addressed to a known host name (against DNS rebinding),
and a request that a page of another origin caused is refused when it could change something (against cross-site
requests and websockets, to which same-origin rules do not apply).

A stranger may not, where the server is shared: each request carries the token of one of the two links, as a cookie or
in an Authorization header, and each route says what it needs (roles.py).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from shiftscope.notices import Notice, notice
from shiftscope.server.door import stranger_page
from shiftscope.server.hostnames import hostname
from shiftscope.server.links import LinkFile, Links, LinksError
from shiftscope.server.problems import body_of
from shiftscope.server.roles import Needs, needed
from shiftscope.server.runs import Run
from shiftscope.server.settings import Settings
from shiftscope.server.visitors import EVERYBODY, Visitor, bearer, new_cookie, visitor_of, without_token
from shiftscope.server.visits import Holds, Visits, serve

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused, and with which status."""

    status: int
    reason: Notice


class AccessMiddleware:
    """Refuses who may not, and turns the token in a link into a cookie. Without a file of links everybody may all."""

    def __init__(self, app: ASGIApp, settings: Settings, links: LinkFile | None, visits: Visits) -> None:
        self.app = app
        self._settings = settings
        self._links = links
        self._visits = visits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on to the application."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if reason := misdirected(scope, headers, self._settings):
            await _refuse(Refusal(403, reason), headers, scope, receive, send)
            return
        try:
            entered = await self._enter(scope, headers)
        except LinksError as error:
            entered = Refusal(500, Notice(text=str(error)))
        if isinstance(entered, Refusal):
            await _refuse(entered, headers, scope, receive, send)
        elif isinstance(entered, Response):
            await entered(scope, receive, send)
        elif scope["type"] == "websocket" and (full := _full(scope["shiftscope.visitor"], self._visits)):
            await _refuse(full, headers, scope, receive, send)
        else:
            await serve(self.app, self._visits, entered, scope, receive, send)

    async def _enter(self, scope: Scope, headers: Headers) -> Refusal | Response | Holds:
        """Note who comes; return what is answered in the application's place, or for how long they may stay."""
        scope["shiftscope.visitor"] = EVERYBODY
        if self._links is None:
            return _for_ever
        path = _route(scope)
        links, linked = self._links.current(), None
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS and path == "/":
            linked = without_token(scope)
        if linked is not None:
            token, rest = linked
            if links.role(token) is None:
                return Refusal(401, notice("refused.old_link"))
            cookie = new_cookie(
                headers, links, token, f"{scope.get('root_path', '')}/",
                secure=scope["scheme"] == "https", embedded=bool(self._settings.embedders),
            )  # fmt: skip
            # Relative: whatever stands in front of the server may know the page under another path.
            target = {"Location": f"./?{rest}" if rest else "./", "Set-Cookie": cookie}
            return Response(status_code=303, headers=_PRIVATE | target)
        found = visitor_of(headers, links, self._settings.students)
        scope["shiftscope.visitor"] = found
        needs, run = needed("WEBSOCKET" if scope["type"] == "websocket" else scope["method"], path)
        if needs is Needs.FEED and (fed := await _fed(scope, headers, links, run)) is not None:
            return fed
        owner = await _owner(scope, run) if needs is Needs.OWN and found is not None and found.students else ""
        return _refusal(needs, found, owner) or (_for_ever if found is None else found.may_stay)


def _for_ever(_: Links) -> bool:
    return True


def _full(found: Visitor | None, visits: Visits) -> Refusal | None:
    """Return why another socket may not be opened, if so."""
    if found is None or visits.has_room(found.role):
        return None
    return Refusal(429, notice("refused.sockets", most=visits.most))


def _refusal(needs: Needs, found: Visitor | None, owner: str) -> Refusal | None:
    """Return why somebody may not do what a route does. `owner` is whose run it does it to."""
    if needs is Needs.NOTHING:
        return None
    if found is None:
        return Refusal(401, notice("refused.stranger"))
    allowed = {
        Needs.VIEW: True,
        Needs.START: found.may_start,
        Needs.FEED: found.may_start,
        Needs.OWN: found.may_change(owner),
    }
    if allowed.get(needs, found.may_change("")):
        return None
    return Refusal(403, notice("refused.not_yours" if found.students and needs is Needs.OWN else "refused.viewer"))


def _route(scope: Scope) -> str:
    """Return the path that the application routes by: that after what a proxy knows it under."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


async def _run(scope: Scope, run: str) -> Run | None:
    # Its recording may have to be opened.
    return await asyncio.to_thread(scope["state"]["services"].store.get, run) if run else None


async def _owner(scope: Scope, run: str) -> str:
    found = await _run(scope, run)
    return found.owner if found else ""


async def _fed(scope: Scope, headers: Headers, links: Links, run: str) -> Refusal | Holds | None:
    """Return for how long a request may go on with a run whose secret comes along, no older than the links.

    None where none does; why it may not, where it is that of a worker after which another one came.
    """
    token = bearer(headers)
    asked = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"))) if token else {}
    found = await _run(scope, run or asked.get("run", ""))
    if found is not None and found.has_replaced(token):
        return Refusal(410, notice("refused.replaced", run=found.id))
    return found.goes_on_with if found is not None and found.admits(token) and found.goes_on_with(links) else None


def misdirected(scope: Scope, headers: Headers, settings: Settings) -> Notice | None:
    """Return why a request should not have come here, whoever it comes from; None when it may."""
    # Of several a proxy in front may have gone by another.
    hosts = headers.getlist("host")
    host = hosts[0] if len(hosts) == 1 else ", ".join(hosts)
    if not settings.answers_to(hostname(host)):
        return notice("refused.host", host=host)
    origin = headers.get("origin")
    if origin is None or (scope["type"] == "http" and scope["method"] in _SAFE_METHODS):
        return None
    scheme, _, named = origin.lower().partition("://")
    # Who can change what comes without TLS could write a page of this host's name.
    weaker = scheme == "http" and scope["scheme"] in {"https", "wss"}
    if named != host.lower() or weaker:
        return notice("refused.origin", origin=origin, host=host)
    return None


async def _refuse(refusal: Refusal, headers: Headers, scope: Scope, receive: Receive, send: Send) -> None:
    more: dict[str, Any] = {"WWW-Authenticate": 'Bearer realm="Shiftscope"'} if refusal.status == 401 else {}
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await WebSocketClose(code=1008, reason=refusal.reason.text)(scope, receive, send)
    elif scope["type"] == "http" and refusal.status == 401 and "text/html" in headers.get("accept", ""):
        wanted = headers.get("accept-language", "")
        await stranger_page(refusal.reason, wanted, _PRIVATE | more)(scope, receive, send)
    else:
        body = body_of(refusal.reason)
        await JSONResponse(body, refusal.status, headers=_PRIVATE | more)(scope, receive, send)
