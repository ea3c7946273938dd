"""What is open on the strength of a link: it ends when the link is another, and there is so much of it at most."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shiftscope.notices import notice
from shiftscope.server.links import LinkFile, Links, LinksError
from shiftscope.server.roles import Role
from shiftscope.server.socket_producer import fitting
from shiftscope.server.visitors import Visitor

logger = logging.getLogger(__name__)

VOID = 4401
"""Close code: the link with which the socket was opened is void."""
LOOK_SECONDS = 1.0
"""Between two looks at the file of the links."""

Holds = Callable[[Links], bool]


class LinkIsVoid(OSError):
    """What was asked for with a link is not sent: the link is void."""


@dataclass(eq=False)
class Visit:
    """An answer that is under way, or a socket that is open."""

    holds: Holds
    """Whether it may go on with such links; asked from any thread."""
    end: Callable[[], None]
    """Ends it; may be called from any thread."""
    counted: str
    """With which link a socket was opened; "" of what is not counted."""
    over: bool = field(default=False, init=False)


class Visits:
    """All that is open with a link. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        """Sockets that may be open; of those with the link to look three quarters, so that who has control comes in."""
        self._lock = threading.Lock()
        self._open: set[Visit] = set()
        self._sockets: Counter[str] = Counter()

    def has_room(self, role: Role) -> bool:
        """Whether another socket may be opened with a link."""
        with self._lock:
            looking = self._sockets[Role.VIEW.value]
            return self._sockets.total() < self.most and (role is not Role.VIEW or looking < self.most * 3 // 4)

    @contextmanager
    def of(self, holds: Holds, end: Callable[[], None], counted: str = "") -> Iterator[Visit]:
        """Keep a visit for as long as the context lasts."""
        visit = Visit(holds, end, counted)
        with self._lock:
            self._open.add(visit)
            self._sockets[counted] += counted != ""
        try:
            yield visit
        finally:
            with self._lock:
                self._open.discard(visit)
                self._sockets[counted] -= counted != ""

    def review(self, links: Links) -> None:
        """End what may not go on with these links."""
        with self._lock:
            void = [visit for visit in self._open if not visit.over and not visit.holds(links)]
            for visit in void:
                visit.over = True
        for visit in void:
            visit.end()

    async def follow(self, file: LinkFile) -> None:
        """End, for as long as the server lives, what was opened with links that are others now."""
        known: Links | None = None
        while True:
            try:
                links = await asyncio.to_thread(file.current)
            except LinksError as error:  # nobody is let in until it can be read
                logger.warning("%s", error)
            else:
                if known is not None and links != known:
                    self.review(links)
                known = links
            await asyncio.sleep(LOOK_SECONDS)


async def serve(app: ASGIApp, visits: Visits, holds: Holds, scope: Scope, receive: Receive, send: Send) -> None:
    """Let an application answer, and no longer than its visitor's link holds: a socket is closed in words then."""
    loop = asyncio.get_running_loop()
    closing: set[asyncio.Task[None]] = set()

    def end() -> None:
        if scope["type"] == "websocket":
            loop.call_soon_threadsafe(lambda: closing.add(loop.create_task(_close(send))))

    # A worker's socket, and any other that comes with the secret of a run, is one of a run and counted with those.
    visitor: Visitor | None = scope["shiftscope.visitor"]
    counted = visitor.role.value if visitor is not None and scope["type"] == "websocket" else ""
    with visits.of(holds, end, counted) as visit:
        scope["shiftscope.visit"] = visit

        async def passing(message: Message) -> None:
            if visit.over:
                raise LinkIsVoid
            await send(message)

        try:
            await app(scope, receive, passing)
        except Exception:
            if not visit.over:
                raise
            logger.debug("an answer ended with its link", exc_info=True)
        if closing:
            await asyncio.wait(closing)


async def _close(send: Send) -> None:
    try:
        await send({"type": "websocket.close", "code": VOID, "reason": fitting(notice("refused.link_changed").text)})
    except (OSError, RuntimeError) as error:  # it has closed by itself
        logger.debug("a socket ended before its link did: %s", error)


def ended_with_link(scope: Scope) -> bool:
    """Whether a socket was closed since its link is void."""
    visit: Visit | None = scope.get("shiftscope.visit")
    return visit is not None and visit.over
