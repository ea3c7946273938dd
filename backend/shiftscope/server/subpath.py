"""A server below a path of another's address: https://lab.example/shiftscope/."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class SubPathMiddleware:
    """Lets routes begin after a path, whether the proxy in front has taken it off the address or not."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on to the application."""
        if not self._path or scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        asked: str = scope["path"]
        if asked == self._path and scope["type"] == "http":
            # The page's own addresses are relative to it.
            query = scope.get("query_string", b"").decode("latin-1")  # a link's token may be in it, or a run's id
            await RedirectResponse(f"{self._path}/?{query}" if query else f"{self._path}/")(scope, receive, send)
            return
        path = asked if asked.startswith(f"{self._path}/") else f"{self._path}{asked}"
        await self.app({**scope, "root_path": self._path, "path": path}, receive, send)
