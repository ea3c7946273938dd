"""Wakes waiting tasks when something changed. It holds no payloads: each reads what is new at its own pace."""

from __future__ import annotations

import asyncio


class Signal:
    """A change that any number of tasks wait for.

    Read `changed` *before* the state, then await it: a change between the two is not missed.
    """

    def __init__(self) -> None:
        self.changed = asyncio.Event()

    def notify(self) -> None:
        """Wake everyone who waits now."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()
