"""The event "measured": what a run's measuring found, as JSON keeps it. Imports no torch.

Its value is {"figures": {NAME: NUMBER}, "data": {NAME: JSON}}. JSON has no NaN and no infinity, which are figures like
others: they are written as the words "nan", "inf" and "-inf".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from shiftscope.recording.documents import Event


def as_event_value(figures: Mapping[str, float], data: Mapping[str, JsonValue]) -> JsonValue:
    """Return the value of the event."""
    return {"figures": {**as_figures(figures)}, "data": dict(data)}


def as_figures(figures: Mapping[str, float]) -> dict[str, float | str]:
    """Return figures as JSON can hold them."""
    return {name: float(value) if math.isfinite(value) else str(float(value)) for name, value in figures.items()}


def figures_of(events: Iterable[Event]) -> dict[str, float] | None:
    """Return the figures that a run's journal holds, or None when it has none."""
    value = _last(events)
    found = value.get("figures") if value is not None else None
    if not isinstance(found, dict):
        return None
    return {name: float(number) for name, number in found.items() if isinstance(number, int | float | str)}


def data_of(events: Iterable[Event]) -> dict[str, JsonValue]:
    """Return what the page draws apart from the streams; empty when there is nothing."""
    value = _last(events)
    found = value.get("data") if value is not None else None
    return found if isinstance(found, dict) else {}


def _last(events: Iterable[Event]) -> dict[str, JsonValue] | None:
    found: dict[str, JsonValue] | None = None
    for event in events:
        if event.kind == "measured" and isinstance(event.value, dict):
            found = event.value
    return found
