"""Posts what goes wrong in a run to an address that the server's owner named: a chat's, or a program's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import urllib.request
from collections import deque
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError

from typing_extensions import override

from shiftscope.recording.documents import Event
from shiftscope.wire.alerts import alert_kind

if TYPE_CHECKING:
    from shiftscope.server.runs import Run

logger = logging.getLogger(__name__)

SECONDS = 5.0
"""How long one message may take."""
WAITING = 100
"""Messages that may wait; where there are more, the oldest are dropped."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirection is not followed: the address is the one that was named, and no other."""

    @override
    def redirect_request(self, *_: object) -> None:
        return None


class Webhook:
    """Sends one message after the other. Belongs to the server's event loop.

    Args:
        url: where to; "" for nowhere.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: deque[dict[str, object]] = deque(maxlen=WAITING)
        self._news = asyncio.Event()
        self._opener = urllib.request.build_opener(_NoRedirect)

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._waiting)

    def hear(self, run: Run, event: Event) -> None:
        """Take note of an event of a run; returns at once."""
        message = as_message(run, event) if self._url else None
        if message is not None:
            self._waiting.append(message)
            self._news.set()

    async def send(self) -> None:
        """Send what there is and what comes, until this is cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                message = self._waiting.popleft()
                try:
                    await asyncio.to_thread(self._post, json.dumps(message).encode())
                except (OSError, ValueError, HTTPException) as error:
                    # What was answered may be anything, and stands in no log.
                    logger.warning("what went wrong in run %s could not be posted: %s", message["run"], _kind(error))

    def _post(self, body: bytes) -> None:
        headers = {"content-type": "application/json", "user-agent": "shiftscope"}
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310  the setting allows http
        with contextlib.closing(self._opener.open(request, timeout=SECONDS)):
            pass


def _kind(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, OSError) else error
    return type(cause).__name__


def as_message(run: Run, event: Event) -> dict[str, object] | None:
    """Return what is posted of an event; None where it is no alert. `text` is what a chat shows."""
    kind: str | None = alert_kind(event.code)
    if event.kind == "state" and event.value == "failed":
        kind = "failed"
    if kind is None or (event.kind == "narration" and kind == "diverged"):  # the event before it has said so
        return None
    return {
        "text": f"{run.status.name}, step {event.step}: {event.message}",
        "run": run.id, "name": str(run.status.name), "kind": kind, "step": event.step, "network": event.network,
        "layer": event.layer, "message": event.message, "code": event.code,
    }  # fmt: skip
