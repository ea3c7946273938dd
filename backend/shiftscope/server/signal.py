"""Wakes waiting tasks when something changed. It holds no payloads: each reads what is new at its own pace."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Signal:
    """A change that any number of tasks wait for, in any event loop of the process.

    Read `changed` *before* the state, then await it: a change between the two is not missed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.AbstractEventLoop, asyncio.Event] = {}

    @property
    def changed(self) -> asyncio.Event:
        """The event of the running loop that the next change sets."""
        loop = asyncio.get_running_loop()
        with self._lock:
            return self._waiting.setdefault(loop, asyncio.Event())

    def notify(self) -> None:
        """Wake everyone who waits now."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        here = _running_loop()
        for loop, changed in waiting.items():
            if loop is here:
                changed.set()
            else:
                with contextlib.suppress(RuntimeError):  # a loop that has ended meanwhile
                    loop.call_soon_threadsafe(changed.set)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
