"""Frames that wait for numbers from a device: written in order, when these have arrived."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import NamedTuple

from shiftscope.engine.frame_writer import Aside, FrameWriter
from shiftscope.engine.network_recorder import Late

MOST_WAITING = 4
"""Frames that may wait; for the oldest of more a device is waited for."""


_INTERVAL = 0.01
"""Seconds after which it is asked again whether numbers have come."""


class _Waiting(NamedTuple):
    aside: Aside
    late: Sequence[tuple[str, Late]]


class LateFrames:
    """The frames that wait.

    Args:
        writer: of frames.
        diverged: called with the network, its loss where it was given, how many numbers are not finite, and the step.
    """

    def __init__(self, writer: FrameWriter, diverged: Callable[[str, float | None, float, int], None]) -> None:
        self._writer, self._diverged = writer, diverged
        self._waiting: deque[_Waiting] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, aside: Aside, late: Sequence[tuple[str, Late]]) -> None:
        """Let a frame wait for what of its networks is late, by name: behind those that wait already."""
        self._waiting.append(_Waiting(aside, late))
        while len(self._waiting) > MOST_WAITING:
            self._write()

    def write_arrived(self) -> None:
        """Write those whose numbers have arrived; nothing is waited for."""
        while self._waiting and all(late.step.send().ready for _, late in self._waiting[0].late):
            self._write()

    def write_all(self) -> None:
        """Write all, and wait for what they lack."""
        while self._waiting:
            self._write()

    def write_rest(self, seconds: float) -> int:
        """Write those that come within so many seconds; drop the others, and return how many those were.

        A device that waits for another one which is gone sends nothing more.
        """
        end = monotonic() + seconds
        while self._waiting:
            while any(late.step.send().awaited for _, late in self._waiting[0].late):
                if monotonic() >= end:
                    dropped = len(self._waiting)
                    self._waiting.clear()
                    return dropped
                sleep(_INTERVAL)
            self._write()
        return 0

    def _write(self) -> None:
        aside, late = self._waiting.popleft()

        def fill() -> None:
            for name, one in late:
                if count := one.recorder.fill(one):
                    self._diverged(name, one.recorder.loss, count, aside.step)

        self._writer.write_aside(aside, fill)
