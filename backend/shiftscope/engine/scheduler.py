"""What is due when: each stream's schedule, and how the widest one is kept from filling a disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shiftscope.config.defaults import FRAMES
from shiftscope.engine.due import NOTHING, Due
from shiftscope.engine.probe import Probe
from shiftscope.engine.schedules import Schedule, at, every, thinning, within
from shiftscope.engine.streams import COST, LAYERS, STEPS

COST_FRAMES = 200
WIDE_FRAMES, WIDE_BUDGET = 2000, 10_000_000
"""Bytes that so many frames of a passing stream beside "layers" may take; of wider networks fewer frames are kept."""

_AHEAD = 256
_NEVER = 2**63


def study_schedules(probes: Iterable[Probe], total_steps: int | None, frames: int) -> dict[str, Schedule]:
    """Return the schedules of studies, by stream, for a run that keeps about so many frames of what passes by."""
    shares = _shares(probe for probe in probes if probe.study)
    return {stream: thinning(total_steps, max(2, round(share * frames))) for stream, share in shares.items()}


def scheduled_streams(probes: Iterable[Probe]) -> set[str]:
    """Return the names of the streams that have schedules: those of the probes, and the engine's own."""
    return {STEPS, LAYERS, COST, *(probe.stream for probe in probes)}


class Scheduler:
    """Decides what is due.

    Args:
        probes: that are chosen.
        schedule: of what is measured in passing; by default every step at first, then ever fewer. A number is that of
            steps from one to the next, also for studies and the cost.
        own: schedules of single streams, by their name.
        total_steps: where known.
        first_step: that is measured.
        position: what `position` of the scheduler returned that came before, in whose recording this one goes on.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        schedule: Schedule | int | None,
        own: Mapping[str, Schedule] | None,
        total_steps: int | None,
        first_step: int = 0,
        position: Mapping[str, Any] | None = None,
    ) -> None:
        passing = [probe for probe in probes if not probe.study]
        self._passing = dict.fromkeys([STEPS, LAYERS, *(probe.stream for probe in passing)])
        if isinstance(schedule, int):
            passed = every(schedule)
            rare = study_schedules(probes, None if total_steps is None else -(-total_steps // schedule), FRAMES)
            studied = {stream: within(one, schedule) for stream, one in rare.items()}
        else:
            passed, studied = schedule or thinning(total_steps, FRAMES), study_schedules(probes, total_steps, FRAMES)
        # The first step finds out and compiles.
        self._first = int(position["first_step"]) if position else first_step
        cost = {COST: thinning(total_steps, COST_FRAMES) & ~at(self._first)}
        self._schedules = dict.fromkeys(self._passing, passed) | cost | studied | dict(own or {})
        thinned = [stream for stream in self._passing if stream not in {STEPS, LAYERS, *(own or {})}]
        shares = _shares(passing)
        self._every = {stream: round(1 / shares[stream]) for stream in thinned}
        self._last = None if total_steps is None else total_steps - 1
        self._passed = 0
        self._sizes: Mapping[str, int] = {}
        self._asleep: dict[str, Schedule] = {}
        self._begin(ahead=1)
        if position:
            self.settle(position["sizes"])
            self._passed = int(position["passed"])

    def due(self, step: int) -> Due:
        """Return what is due; to be asked once for each step, in order.

        The cost is recorded at a step at which something is measured in passing, which is then timed piece by piece.
        """
        if step >= self._planned:
            self._plan(step)
        return self._days.get(step, NOTHING)

    def settle(self, sizes: Mapping[str, int]) -> None:
        """Take the lengths of the rows, in floats, into account, once: what has none is not due until it is woken."""
        if self._sizes or not sizes:
            return
        self._sizes = dict(sizes)
        self._asleep = {stream: schedule for stream, schedule in self._schedules.items() if not sizes.get(stream)}
        self._schedules = {stream: schedule for stream, schedule in self._schedules.items() if sizes.get(stream)}
        self._make_rarer(self._every)
        self._begin(_AHEAD)

    def wake(self, sizes: Mapping[str, int], step: int) -> None:
        """Let streams be due after a step that had no rows so far, as layers appeared that have some."""
        woken = {name: self._asleep.pop(name) for name in sizes if name in self._asleep}
        if not woken:
            return
        self._schedules |= woken
        self._sizes = {**self._sizes, **{name: sizes[name] for name in woken}}
        self._make_rarer(woken)
        self._passed -= sum(due.passing for day, due in self._days.items() if day > step)
        self._begin(self._ahead)

    def _make_rarer(self, streams: Collection[str]) -> None:
        """Thin out streams whose rows are wide."""
        for stream in streams:
            if stream in self._every:
                size = self._sizes.get(stream, 0)
                self._every[stream] = max(self._every[stream], -(-4 * WIDE_FRAMES * size // WIDE_BUDGET))

    def drop(self, streams: Collection[str], now: Due) -> Due:
        """Let streams never be due again; return what is due now without them."""
        self._schedules = {name: schedule for name, schedule in self._schedules.items() if name not in streams}
        self._begin(self._ahead)
        return self._make(now.streams - set(streams))

    def position(self, step: int) -> dict[str, Any]:
        """Return what a scheduler needs that goes on at a step, the newest that was asked for, as this one would."""
        ahead = sum(due.passing for day, due in self._days.items() if day >= step)
        return {"first_step": self._first, "sizes": dict(self._sizes), "passed": self._passed - ahead}

    def _begin(self, ahead: int) -> None:
        self._names = list(self._schedules)
        self._bits = {name: 1 << number for number, name in enumerate(self._names)}
        marks: dict[Schedule, int] = {}
        for name, schedule in self._schedules.items():
            marks[schedule] = marks.get(schedule, 0) | self._bits[name]
        self._items = [_Item(schedule, mark) for schedule, mark in marks.items()]
        self._ahead = ahead
        self._planned = 0
        self._days: dict[int, Due] = {}
        self._known: dict[int, Due] = {0: NOTHING}

    def _plan(self, step: int) -> None:
        """Find out what is due from `step` on, some way ahead: asked for many at once, each step costs less."""
        end = step + self._ahead
        found: dict[int, int] = {}
        for item in self._items:
            while item.next < end:
                if item.next >= step and item.schedule(item.next):
                    found[item.next] = found.get(item.next, 0) | item.mark
                item.next = _or_never(item.schedule.following(max(item.next + 1, step)))
        self._days = {day: self._combine(found[day], day) for day in sorted(found)}
        self._planned = end

    def _combine(self, found: int, step: int) -> Due:
        """Return what is due at a step: only where something is measured in passing all other passing streams are."""
        if not found & self._bits.get(STEPS, 0):
            for stream in (*self._passing, COST):
                found &= ~self._bits.get(stream, 0)
        else:
            for stream, every in self._every.items():
                if self._passed % every and step != self._last:
                    found &= ~self._bits.get(stream, 0)
            self._passed += 1
        if found not in self._known:
            self._known[found] = self._make({name for name, bit in self._bits.items() if found & bit})
        return self._known[found]

    def _make(self, streams: Collection[str]) -> Due:
        return Due(
            frozenset(streams),
            passing=STEPS in streams,
            studying=not set(streams) <= {COST, *self._passing},
            cost=COST in streams,
        )


@dataclass
class _Item:
    """A schedule, the streams that follow it as bits, and the next step at which it is to be asked."""

    schedule: Schedule
    mark: int
    next: int = 0


def _shares(probes: Iterable[Probe]) -> dict[str, float]:
    """Return the share of frames of each stream: the largest of the probes that record in it."""
    shares: dict[str, float] = {}
    for probe in probes:
        shares[probe.stream] = max(probe.share, shares.get(probe.stream, 0.0))
    return shares


def _or_never(step: int | None) -> int:
    return _NEVER if step is None else step
