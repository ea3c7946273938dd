"""One sentence of the narrator: an event of a run, with the chart that it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from shiftscope.notices import Notice, Value, notice
from shiftscope.wire.messages import EventMessage

KIND: Final = "narration"
"""Of the narrator's events."""
READABLE: Final = 1e9
"""A number from this on is written with its power of ten: nobody counts its zeros."""

_NUMBERED: Final = re.compile(r"[\d.]+")
_OF_LAYERS: Final = frozenset({"layer", "layer_name", "other_layer", "first", "last"})


def sentence(
    code: str,
    step: int,
    view: str,
    *,
    network: str = "",
    layer: str = "",
    values: Mapping[str, Value] | None = None,
    **more: Value,
) -> EventMessage:
    """Return a sentence by its code in shiftscope.notices.

    Args:
        code: which sentence it is.
        step: at which it is true.
        view: id of the page's chart in which that can be seen.
        network: of which it speaks, where that is one.
        layer: likewise.
        values: what its blanks stand for; floats are rounded to three digits.
        more: likewise.
    """
    said = _with_layers(notice(code, **{name: _rounded(value) for name, value in {**(values or {}), **more}.items()}))
    return EventMessage.saying(said, kind=KIND, step=step, network=network, layer=layer, value={"view": view})


def _with_layers(said: Notice) -> Notice:
    """Return a sentence that says "layer 3" of a layer whose name is a number, as of those of an nn.Sequential."""
    return notice(said.code, **{name: _spoken(name, value) for name, value in said.values.items()})


def _spoken(name: str, value: Value) -> Value:
    if isinstance(value, str):
        is_number = name in _OF_LAYERS and _NUMBERED.fullmatch(value)
        return notice("narration.part.layer", number=value) if is_number else value
    if isinstance(value, tuple):
        return tuple(_with_layers(one) if isinstance(one, Notice) and one.code else one for one in value)
    return value


def _rounded(value: Value) -> Value:
    return rounded(value) if isinstance(value, float) else value


def rounded(value: float, digits: int = 3) -> float | int:
    """Return a number with so many digits, as a whole number where nothing follows the point and all can be read."""
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < READABLE else short
