"""When to measure: a schedule is a function from a step to whether it is due, and schedules combine with |, & and ~.

every(100) | at(0, 1, 2)
thinning(total=50_000, frames=2_000) & ~before(100)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from math import ceil, exp, floor, log1p

from shiftscope.config.defaults import FRAMES

UNBOUNDED = 10
"""An unbounded run's spacing doubles each `frames / UNBOUNDED` steps: of 2,000 frames a million steps keep 1,700."""
HORIZON = 100_000
"""How many steps ahead a schedule that cannot say by itself when it is due next is tried."""


class Schedule:
    """A function step -> bool that can be combined with others.

    `following(step)`, if given, returns the first step from `step` on that is due, or None when none is; nothing is
    then asked at the steps between.
    """

    def __init__(
        self, due: Callable[[int], bool], text: str, following: Callable[[int], int | None] | None = None
    ) -> None:
        self._due, self._text = due, text
        self._following = following

    def __call__(self, step: int) -> bool:
        """Whether `step` (0, 1, 2, ...) is due."""
        return self._due(step)

    def following(self, step: int) -> int | None:
        """Return the first step from `step` on that is due; None when there is none.

        Where that has to be tried out and nothing is found within HORIZON, the step at which to ask again.
        """
        if self._following is not None:
            return self._following(step)
        return next((other for other in range(step, step + HORIZON) if self._due(other)), step + HORIZON)

    def __or__(self, other: Schedule) -> Schedule:
        def following(step: int) -> int | None:
            found = [one for one in (self.following(step), other.following(step)) if one is not None]
            return min(found, default=None)

        return Schedule(lambda step: self._due(step) or other._due(step), f"({self._text} | {other._text})", following)

    def __and__(self, other: Schedule) -> Schedule:
        def following(step: int) -> int | None:
            end = step + HORIZON
            while step < end:
                one = self.following(step)
                two = None if one is None else other.following(one)
                if two is None or two == one:
                    return two
                step = two
            return step

        return Schedule(lambda step: self._due(step) and other._due(step), f"({self._text} & {other._text})", following)

    def __invert__(self) -> Schedule:
        return Schedule(lambda step: not self._due(step), f"~{self._text}")

    def __repr__(self) -> str:
        return self._text


def every(steps: int = 1) -> Schedule:
    """Take steps 0, `steps`, 2 * `steps`, ... Raises ValueError for less than one."""
    if steps < 1:
        raise ValueError(f"every({steps}): a schedule needs at least one step from one to the next")
    return Schedule(lambda step: step % steps == 0, f"every({steps})", lambda step: -(-step // steps) * steps)


def within(schedule: Schedule, steps: int) -> Schedule:
    """Take of every `steps`-th step those that `schedule` takes of all."""
    return Schedule(
        lambda step: step % steps == 0 and schedule(step // steps),
        f"within({schedule!r}, {steps})",
        lambda step: None if (one := schedule.following(-(-step // steps))) is None else one * steps,
    )


def at(*steps: int) -> Schedule:
    """Take these steps alone."""
    chosen = sorted(set(steps))

    def following(step: int) -> int | None:
        index = bisect_left(chosen, step)
        return chosen[index] if index < len(chosen) else None

    return Schedule(lambda step: step in chosen, f"at{steps}", following)


def before(step: int) -> Schedule:
    """Take all steps up to, not including, `step`."""
    return Schedule(lambda other: other < step, f"before({step})", lambda other: other if other < step else None)


def never() -> Schedule:
    """Take no step."""
    return Schedule(lambda _: False, "never()", lambda _: None)


def thinning(total: int | None = None, frames: int = FRAMES) -> Schedule:
    """Every step at first, then smoothly fewer: the distance to the next is 1 + step / c.

    The number of steps kept up to s is then c * ln(1 + s / c). For a known `total`, c is solved so that about `frames`
    are kept, and the last step is always one of them; otherwise c is frames / UNBOUNDED. Raises ValueError for fewer
    than two frames.
    """
    if frames < 2:
        raise ValueError(f"thinning to {frames} frames: at least the first and the last step are kept")
    if total is None:
        return _spaced(frames / UNBOUNDED, f"thinning(None, {frames})")
    if total <= frames:
        return before(total)
    return _spaced(_scale(total, frames), f"thinning({total}, {frames})") & before(total) | at(total - 1)


def _spaced(scale: float, text: str) -> Schedule:
    def kept(step: int) -> int:
        return ceil(scale * log1p(step / scale))

    def due(step: int) -> bool:
        return step == 0 or kept(step) > kept(step - 1)

    def following(step: int) -> int:
        if due(step):
            return step
        # The count next rises where c * ln(1 + s / c) passes it.
        other = max(step, floor(scale * (exp(kept(step) / scale) - 1)) - 1)
        while not due(other):
            other += 1
        return other

    return Schedule(due, text, following)


def _scale(total: int, frames: int) -> float:
    """Solve c * ln(1 + total / c) = frames by bisection; the left side rises with c, from 0 to total."""
    low, high = 1e-9, 1e12
    for _ in range(200):
        middle = (low * high) ** 0.5
        if middle * log1p(total / middle) < frames:
            low = middle
        else:
            high = middle
    return high
