"""Comparisons with a third outcome: where one of the numbers is NaN, nothing was found out.

Python's comparisons are False for NaN, so that the negation of one is true, and min() and max() pass NaN over or not by
its place. What a verdict rests on is compared by these functions alone. Infinity is a number like others: what was
never reached took longer than anything else. But of two infinities neither is known to be at most the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from enum import StrEnum

Numbers = float | Iterable[float]


class Outcome(StrEnum):
    """What came of a comparison."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"
    """One of the numbers is NaN (not measured, or the network diverged), or two infinities would have to be alike."""


def below(values: Numbers, limits: Numbers) -> Outcome:
    """Compare: each value < its limit. One number stands for as many as there are on the other side."""
    return _compare(values, limits, lambda value, limit: value < limit)


def at_most(values: Numbers, limits: Numbers) -> Outcome:
    """Compare: each value <= its limit."""
    return _compare(values, limits, lambda value, limit: value <= limit, alike=True)


def above(values: Numbers, limits: Numbers) -> Outcome:
    """Compare: each value > its limit."""
    return _compare(values, limits, lambda value, limit: value > limit)


def at_least(values: Numbers, limits: Numbers) -> Outcome:
    """Compare: each value >= its limit."""
    return _compare(values, limits, lambda value, limit: value >= limit, alike=True)


def all_of(*outcomes: Outcome) -> Outcome:
    """Combine: undecided if one is, else whether each holds."""
    if Outcome.UNDECIDED in outcomes:
        return Outcome.UNDECIDED
    return Outcome.FAILS if Outcome.FAILS in outcomes else Outcome.HOLDS


def least(values: Iterable[float]) -> float:
    """Return the smallest; NaN where one is NaN. Raises ValueError for none."""
    found = list(values)
    return math.nan if any(map(math.isnan, found)) else min(found)


def largest(values: Iterable[float]) -> float:
    """Return the largest; NaN where one is NaN. Raises ValueError for none."""
    found = list(values)
    return math.nan if any(map(math.isnan, found)) else max(found)


def quotient(value: float, other: float) -> float:
    """Return value / other: infinite over nothing, NaN where both are nothing or infinite."""
    if other == 0:
        return math.nan if value == 0 else math.copysign(math.inf, value)
    return value / other


def _compare(
    values: Numbers, limits: Numbers, holds: Callable[[float, float], bool], *, alike: bool = False
) -> Outcome:
    """Compare pairs; `alike` is whether equal numbers pass."""
    left, right = _listed(values), _listed(limits)
    if len(left) == 1:
        left *= len(right)
    elif len(right) == 1:
        right *= len(left)
    pairs = list(zip(left, right, strict=True))
    if not pairs or any(map(math.isnan, (*left, *right))):
        return Outcome.UNDECIDED
    if alike and any(value == limit and math.isinf(value) for value, limit in pairs):
        return Outcome.UNDECIDED
    return Outcome.HOLDS if all(holds(*pair) for pair in pairs) else Outcome.FAILS


def _listed(values: Numbers) -> list[float]:
    return [float(values)] if isinstance(values, int | float) else [float(value) for value in values]
