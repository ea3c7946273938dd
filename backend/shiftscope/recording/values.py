"""What the value of an event is, by its kind: checked where an event is read, so that nobody has to doubt it later."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from shiftscope.config import Intervention
from shiftscope.wire.messages import Revision

LARGEST = 2**1000
"""Integers end before this."""
StateWord = Literal["queued", "preparing", "running", "paused", "finished", "stopped", "failed", "interrupted"]
"""The states of a run, as an event has them."""
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e300, le=1e300, strict=True)]
Figure = Number | Literal["nan", "inf", "-inf"]


class RecordedIntervention(Intervention):
    """What was done to a network; what a newer version knows besides is passed over."""

    model_config = ConfigDict(extra="ignore")


class Measured(BaseModel):
    """What an experiment's verdict rests on, and what the page draws apart from the streams."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    figures: dict[str, Figure] = Field({}, max_length=100_000)
    data: dict[str, JsonValue] = {}


_BY_KIND: dict[str, TypeAdapter[Any]] = {
    "state": TypeAdapter(StateWord),
    "name": TypeAdapter(Annotated[str, Field(max_length=4000)]),
    "pace": TypeAdapter(Annotated[Number, Field(gt=0)] | None),
    "learning_rate": TypeAdapter(Annotated[Number, Field(ge=0)]),
    "connection": TypeAdapter(Literal["lost", "back"]),
    "intervention": TypeAdapter(RecordedIntervention),
    "measured": TypeAdapter(Measured),
    "layouts": TypeAdapter(Revision),
}


def check_value(kind: str, value: JsonValue) -> None:
    """Raise ValueError where an event of a kind has a value that such events have not."""
    _check_numbers(value)
    if (adapter := _BY_KIND.get(kind)) is not None:
        adapter.validate_python(value)


def as_intervention(value: JsonValue) -> Intervention:
    """Return the value of an event of kind intervention. Raises ValidationError."""
    known = RecordedIntervention.model_validate(value)
    return Intervention.model_validate(known.model_dump(exclude_unset=True))


def _check_numbers(value: JsonValue) -> None:
    """Raise ValueError where a number is none of JSON's, or beyond what a float holds."""
    left: list[JsonValue] = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif (isinstance(one, float) and not math.isfinite(one)) or (isinstance(one, int) and abs(one) >= LARGEST):
            raise ValueError(f"{one!r:.40} is no number that JSON has")
