"""Calls a server without waiting for it."""

from __future__ import annotations

import threading

from shiftscope.sinks.base import SinkError
from shiftscope.sinks.bell import Bell
from shiftscope.sinks.link import Link
from shiftscope.wire.messages import Hello, Welcome


class Call:
    """One attempt to connect, in a thread of its own: looking up a name knows no deadline.

    Attributes:
        result: the connection and its welcome, or why there is none; None until that is known.
    """

    def __init__(self, url: str, hello: Hello, seconds: float, bell: Bell) -> None:
        self.result: tuple[Link, Welcome] | Exception | None = None
        self._given_up = False
        threading.Thread(
            target=self._dial, args=(url, hello, seconds, bell), name="shiftscope-dial", daemon=True
        ).start()

    def give_up(self) -> None:
        """Let go of the connection that may yet come."""
        self._given_up = True
        if isinstance(self.result, tuple):
            self.result[0].abort()

    def _dial(self, url: str, hello: Hello, seconds: float, bell: Bell) -> None:
        try:
            self.result = Link.dial(url, hello, seconds)
        except SinkError as error:
            self.result = error
        except Exception as error:  # noqa: BLE001  whatever went wrong, there is no connection
            self.result = SinkError(str(error))
        if self._given_up:
            self.give_up()
        bell.ring()
