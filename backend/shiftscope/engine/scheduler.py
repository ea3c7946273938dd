"""What is due when: each stream's schedule, and how the widest one is kept from filling a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shiftscope.engine.schedules import Schedule, at, thinning
from shiftscope.engine.streams import PASSING, Stream

FRAMES = 800
"""About how many frames of what is measured in passing watch() keeps by default: so that on a small network, which
looking costs most, it takes a hundredth of a training of tens of thousands of steps."""
STUDIES = {
    Stream.DRIFT: 0.125, Stream.GRADIENT_SHIFT: 0.05, Stream.SAMPLING_SHIFT: 0.05, Stream.LANDSCAPE: 0.015
}  # fmt: skip
"""How many frames of studies, which cost one to several training steps each, are kept for one of the others."""
COST_FRAMES = 200
CHANNELS_FRAMES, CHANNELS_BUDGET = 2000, 10_000_000
"""Bytes that so many frames of per-channel vectors may take; of wider networks fewer frames are kept."""

_NOTHING: frozenset[Stream] = frozenset()
_AHEAD = 256
_NEVER = 2**63


def studies(total_steps: int | None, frames: int) -> dict[str, Schedule]:
    """Return schedules of the studies, by stream, for a run that keeps about so many frames of what is passed by."""
    return {stream.title: thinning(total_steps, max(2, round(share * frames))) for stream, share in STUDIES.items()}


class Scheduler:
    """Says what is due.

    Args:
        schedule: of what is measured in passing; by default every step at first, then ever fewer.
        own: schedules of single streams, by their name.
        total_steps: where known.

    Raises:
        ValueError: there is no stream of that name.
    """

    def __init__(self, schedule: Schedule | None, own: Mapping[str, Schedule] | None, total_steps: int | None) -> None:
        passing = schedule or thinning(total_steps, FRAMES)
        self._schedules = dict.fromkeys(PASSING, passing)
        own = studies(total_steps, FRAMES) | dict(own or {})
        # The first step finds out and compiles.
        self._schedules[Stream.COST] = thinning(total_steps, COST_FRAMES) & ~at(0)
        names = {stream.title: stream for stream in Stream if stream is not Stream.EVALUATION}
        for name, one in own.items():
            if name not in names:
                raise ValueError(f"there is no stream {name!r} with a schedule; there are {', '.join(sorted(names))}")
            self._schedules[names[name]] = one
        self._last = None if total_steps is None else total_steps - 1
        self._channels_fixed = "channels" in own
        self._channels_every = 1
        self._passed = 0
        self._begin(ahead=1)

    def due(self, step: int) -> frozenset[Stream]:
        """Return the streams that are due; to be asked once for each step, in order. The same set is the same object.

        The cost is told at a step at which something is measured in passing, which is then timed piece by piece.
        """
        if step >= self._planned:
            self._plan(step)
        return self._days.get(step, _NOTHING)

    def settle(self, sizes: Mapping[Stream, int]) -> None:
        """Take the lengths of the rows, in floats, into account: what has none is never due again."""
        self._schedules = {stream: schedule for stream, schedule in self._schedules.items() if sizes.get(stream)}
        if not self._channels_fixed:
            self._channels_every = max(1, -(-4 * CHANNELS_FRAMES * sizes.get(Stream.CHANNELS, 0) // CHANNELS_BUDGET))
        self._begin(_AHEAD)

    def _begin(self, ahead: int) -> None:
        marks: dict[Schedule, int] = {}
        for stream, schedule in self._schedules.items():
            marks[schedule] = marks.get(schedule, 0) | 1 << stream
        self._items = [_Item(schedule, mark) for schedule, mark in marks.items()]
        self._ahead = ahead
        self._planned = 0
        self._days: dict[int, frozenset[Stream]] = {}
        self._known: dict[int, frozenset[Stream]] = {0: _NOTHING}

    def _plan(self, step: int) -> None:
        """Find out what is due from `step` on, some way ahead: asked for many at once, each step costs less."""
        end = step + self._ahead
        found: dict[int, int] = {}
        for item in self._items:
            while item.next < end:
                if item.next >= step and item.schedule(item.next):
                    found[item.next] = found.get(item.next, 0) | item.mark
                item.next = _or_never(item.schedule.following(max(item.next + 1, step)))
        self._days = {at: self._combine(found[at], at) for at in sorted(found)}
        self._planned = end

    def _combine(self, found: int, step: int) -> frozenset[Stream]:
        if not found & 1 << Stream.STEPS:
            found &= ~(1 << Stream.COST | 1 << Stream.CHANNELS)
        else:
            if self._passed % self._channels_every and step != self._last:
                found &= ~(1 << Stream.CHANNELS)
            self._passed += 1
        if found not in self._known:
            self._known[found] = frozenset(stream for stream in Stream if found & 1 << stream)
        return self._known[found]


@dataclass
class _Item:
    """A schedule, the streams that follow it as bits, and the next step at which it is to be asked."""

    schedule: Schedule
    mark: int
    next: int = 0


def _or_never(step: int | None) -> int:
    return _NEVER if step is None else step
