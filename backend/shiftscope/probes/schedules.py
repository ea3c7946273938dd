"""When to measure: a schedule is a function from a step to whether it is due, and schedules combine with |, & and ~.

every(100) | at(0, 1, 2)
thinning(total=50_000, frames=2_000) & ~before(100)
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log1p

UNBOUNDED = 10
"""An unbounded run's spacing doubles each `frames / UNBOUNDED` steps: of 2,000 frames a million steps keep 1,700."""


class Schedule:
    """A function step -> bool that can be combined with others."""

    def __init__(self, due: Callable[[int], bool], text: str) -> None:
        self._due, self._text = due, text

    def __call__(self, step: int) -> bool:
        """Whether `step` (0, 1, 2, ...) is due."""
        return self._due(step)

    def __or__(self, other: Schedule) -> Schedule:
        return Schedule(lambda step: self._due(step) or other._due(step), f"({self._text} | {other._text})")

    def __and__(self, other: Schedule) -> Schedule:
        return Schedule(lambda step: self._due(step) and other._due(step), f"({self._text} & {other._text})")

    def __invert__(self) -> Schedule:
        return Schedule(lambda step: not self._due(step), f"~{self._text}")

    def __repr__(self) -> str:
        return self._text


def every(steps: int = 1) -> Schedule:
    """Take steps 0, `steps`, 2 * `steps`, ... Raises ValueError for less than one."""
    if steps < 1:
        raise ValueError(f"every({steps}): a schedule needs at least one step from one to the next")
    return Schedule(lambda step: step % steps == 0, f"every({steps})")


def at(*steps: int) -> Schedule:
    """Take these steps alone."""
    chosen = frozenset(steps)
    return Schedule(lambda step: step in chosen, f"at{steps}")


def before(step: int) -> Schedule:
    """Take all steps up to, not including, `step`."""
    return Schedule(lambda other: other < step, f"before({step})")


def never() -> Schedule:
    """Take no step."""
    return Schedule(lambda _: False, "never()")


def thinning(total: int | None = None, frames: int = 2000) -> Schedule:
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

    return Schedule(lambda step: step == 0 or kept(step) > kept(step - 1), text)


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
