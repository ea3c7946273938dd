"""A websocket client for tests, with every version of websockets that Shiftscope takes."""

from __future__ import annotations

import inspect
from typing import Any

from websockets.sync import client
from websockets.sync.client import ClientConnection

from tests.waiting import PATIENCE

_PLAIN: dict[str, Any] = {
    "proxy": None, "legacy": True, "compression": None, "max_size": None,
    "open_timeout": PATIENCE, "ping_timeout": PATIENCE,
}  # fmt: skip
"""No proxy between two processes of one machine, a connection rather than an iterator of them, frames as they are."""
_UNDERSTOOD = {name: _PLAIN[name] for name in _PLAIN if name in inspect.signature(client.connect).parameters}
"""Without what this version of websockets has not yet, nor does."""


def connect(url: str, **options: Any) -> ClientConnection:
    """Connect to an address (http or ws); who asks for it closes it."""
    return client.connect(url.replace("http", "ws", 1), **_UNDERSTOOD | options)
