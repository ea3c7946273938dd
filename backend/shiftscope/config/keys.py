"""Which keys a part of a config has, for who mistyped one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from shiftscope.config._part import Part
from shiftscope.config.run import RunConfig


def meant_instead(place: Sequence[str | int]) -> str:
    """Return which key was probably meant, and all there are, at the place that pydantic names of an unknown one."""
    *outer, unknown = place
    known = _keys(outer)
    near = get_close_matches(str(unknown), known, 1)
    return f"{f'did you mean {near[0]}? ' if near else ''}Permitted are {', '.join(known)}"


def _keys(place: Sequence[str | int]) -> list[str]:
    """Return the keys of the part at a place, which holds keys, positions in lists and kinds."""
    found: list[type[Part]] = [RunConfig]
    for step in place:
        if isinstance(step, int):
            continue
        of_kind = [one for one in found if "kind" in one.model_fields and one.model_fields["kind"].default == step]
        fields = [one.model_fields[step] for one in found if step in one.model_fields]
        found = of_kind or [part for field in fields for part in _parts(field.annotation)]
    return sorted({key for one in found for key in one.model_fields})


def _parts(annotation: Any) -> Iterator[type[Part]]:  # noqa: ANN401  annotations are of many kinds
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)
