"""Who may speak to the server: a page of another site may not, even from this machine's browser.

A server on loopback is reachable from every page that its user opens. Two checks keep such pages out: requests must be
addressed to a known host name (against DNS rebinding), and a request that a page of another origin caused is refused
when it could change something (against cross-site requests and websockets, to which same-origin rules do not apply).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from shiftscope.notices import Notice, notice
from shiftscope.server.problems import body_of

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class AccessMiddleware:
    """Refuses requests to unknown host names and cross-origin requests; `hosts` None admits any name."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on to the application."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        reason = refusal(scope, self.hosts)
        if reason is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008, reason=reason.text)(scope, receive, send)
        else:
            await JSONResponse(body_of(reason), status_code=403)(scope, receive, send)


def refusal(scope: Scope, hosts: frozenset[str] | None) -> Notice | None:
    """Return why a request is refused, or None when it is not."""
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if hosts is not None and _hostname(f"//{host}") not in hosts:
        return notice("refused.host", host=host)
    origin = headers.get("origin")
    if origin is None or (scope["type"] == "http" and scope["method"] in _SAFE_METHODS):
        return None
    if origin.partition("://")[2] != host:
        return notice("refused.origin", origin=origin, host=host)
    return None


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # "[", say
        return None
