"""What the training thread hands to the thread that carries it on: neither ever waits for the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from shiftscope.sinks.mark import Mark
from shiftscope.wire.messages import Begin, End, EventMessage

Item = bytes | Begin | EventMessage | End | Mark
"""A frame, what is said of the run, or a place between these."""

MESSAGE_BYTES = 1000
"""What a message that is no frame counts for: there are few of them."""


def size_of(item: Item) -> int:
    """Return what an item counts for, in bytes."""
    return len(item) if isinstance(item, bytes) else MESSAGE_BYTES


class Outbox:
    """A queue of bounded size from one thread to another, without a lock.

    Each of its counters is written by one of the two threads alone.

    Attributes:
        frames_refused: how many frames found no room.
    """

    def __init__(self, most_bytes: int, wake: Callable[[], None]) -> None:
        self._most_bytes = most_bytes
        self._wake = wake
        self._items: deque[Item] = deque()
        self._given = self._taken = 0
        self._woken = False
        self.frames_refused = 0

    @property
    def waiting(self) -> bool:
        """Whether something was put since the last `take`."""
        return self._woken

    def put(self, item: Item) -> bool:
        """Add an item for the other thread, and return whether there was room; without room a message is added yet."""
        size = size_of(item)
        if self._given - self._taken + size > self._most_bytes and isinstance(item, bytes):
            self.frames_refused += 1
            return False
        self._items.append(item)
        self._given += size
        if not self._woken:
            self._woken = True
            self._wake()
        return True

    def take(self) -> list[Item]:
        """Return what was put since the last call; a later `put` wakes this thread again."""
        self._woken = False
        items: list[Item] = []
        while self._items:
            items.append(self._items.popleft())
        self._taken += sum(map(size_of, items))
        return items
