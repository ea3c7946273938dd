"""Wakes a thread that waits for sockets."""

from __future__ import annotations

import contextlib
import selectors
import socket
from typing import Protocol
from weakref import finalize

# One file descriptor may have a high number: select() takes none above 1023.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class HasDescriptor(Protocol):
    """Something to wait for."""

    def fileno(self) -> int:
        """Return its descriptor."""


class Bell:
    """Rung by one thread, waited for by another, which may wait for a connection along with it."""

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)
        self._selector = _Selector()
        self._selector.register(self._here, selectors.EVENT_READ)
        self._other: HasDescriptor | None = None
        self._writing = False
        # Who rings and who waits are two threads: the last one of them to let go of it closes it.
        finalize(self, _close, self._here, self._there, self._selector).atexit = False

    def ring(self) -> None:
        """Wake who waits. Returns at once, also where nobody waits any more."""
        with contextlib.suppress(OSError):
            self._there.send(b"!")

    def wait(self, seconds: float, other: HasDescriptor | None = None, *, writing: bool = False) -> bool:
        """Return when the bell rings, when `other` can be read (or written), or after so many seconds.

        Returns whether `other` can.
        """
        self._watch(other, writing=writing)
        ready = [key.fileobj for key, _ in self._selector.select(max(0.0, seconds))]
        if self._here in ready:
            with contextlib.suppress(OSError):
                self._here.recv(4096)
        return other is not None and other in ready

    def forget(self) -> None:
        """Let go of what was waited for along with the bell, before its descriptor is closed."""
        self._watch(None, writing=False)

    def _watch(self, other: HasDescriptor | None, *, writing: bool) -> None:
        if other is self._other and writing is self._writing:
            return
        if self._other is not None:
            self._selector.unregister(self._other)
        if other is not None:
            self._selector.register(other, selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0))
        self._other, self._writing = other, writing


def _close(here: socket.socket, there: socket.socket, selector: selectors.BaseSelector) -> None:
    selector.close()
    here.close()
    there.close()
