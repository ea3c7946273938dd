"""Wakes a thread that waits for sockets."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Sequence
from typing import Protocol

# One file descriptor may have a high number: select() takes none above 1023.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class HasDescriptor(Protocol):
    """Something to wait for."""

    def fileno(self) -> int:
        """Return its descriptor."""


class Bell:
    """Rung by one thread, waited for by another."""

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)

    def ring(self) -> None:
        """Wake who waits. Returns at once, also where nobody waits any more."""
        with contextlib.suppress(OSError):
            self._there.send(b"!")

    def wait(
        self, seconds: float, reading: Sequence[HasDescriptor] = (), writing: Sequence[HasDescriptor] = ()
    ) -> None:
        """Return when the bell rings, when something can be read or written, or after so many seconds."""
        with _Selector() as selector:
            selector.register(self._here, selectors.EVENT_READ)
            for one in reading:
                more = selectors.EVENT_WRITE if one in writing else 0
                selector.register(one, selectors.EVENT_READ | more)
            selector.select(max(0.0, seconds))
        with contextlib.suppress(OSError):
            self._here.recv(4096)

    def close(self) -> None:
        """Give the descriptors back."""
        self._here.close()
        self._there.close()
