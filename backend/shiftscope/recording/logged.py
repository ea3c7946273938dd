"""Numbers that were logged by name: the frames of their stream hold a name's number and a value, events the names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from shiftscope.recording.documents import Event
from shiftscope.recording.tables import Column
from shiftscope.wire.frames import nearest_first

STREAM, NUMBER, VALUE = "scalars", "scalar_number", "scalar_value"
BEHIND_UPDATES = frozenset({STREAM, "evaluation"})
"""Streams whose frames stand at the updates so far; those of all others at the step that was measured."""
Names = Mapping[int, tuple[str, str]]
"""The name and the network of each number in frames; "" where it is of none."""


def declared(events: Iterable[Event]) -> Names:
    """Return the names that events declare; an event that declares none is passed over, as anybody may have made it."""
    found: dict[int, tuple[str, str]] = {}
    for event in events:
        number = event.value.get("number") if event.kind == "scalar" and isinstance(event.value, dict) else None
        if isinstance(number, int):
            found[number] = (event.message, event.network)
    return found


def numbers_of(names: Names, name: str, networks: Sequence[str]) -> list[int]:
    """Return the numbers that stand for a name, of the first of the networks that it was logged of.

    Raises:
        KeyError: it was logged of none of them; the message lists what was.
    """
    for network in networks:
        if found := [number for number, logged in names.items() if logged == (name, network)]:
            return found
    known = nearest_first(name, list(dict.fromkeys(logged for logged, _ in names.values())))
    of = [network or "no network" for logged, network in names.values() if logged == name]
    hint = f"it was logged of {', '.join(of)}" if of else f"logged were {', '.join(known)}"
    wanted = " / ".join(filter(None, (networks[0], name)))
    raise KeyError(f"stream {STREAM!r} has no {wanted}; {hint}")


def described(names: Names) -> list[str]:
    """List the names, and of how many networks each was logged."""
    of: dict[str, set[str]] = {}
    for name, network in names.values():
        of.setdefault(name, set()).add(network)
    return [f"{name}, {len(places)} place{'s' if len(places) > 1 else ''}" for name, places in of.items()]


def named_table(
    names: Names, steps: NDArray[np.int64], numbers: NDArray[np.float32], values: NDArray[np.float32],
    wanted: Collection[str] | None,
) -> dict[str, Column]:  # fmt: skip
    """Return the columns of a long table, in the order of names and then of steps.

    Args:
        names: by number; frames whose number has none keep the quantity of the stream.
        steps: of the frames.
        numbers: in the frames, as values.
        values: of the frames.
        wanted: the names that are; None for all.
    """
    there = dict.fromkeys([*names, *np.unique(numbers).tolist()])
    each = {number: names.get(number, (VALUE, "")) for number in there}
    places = [
        np.flatnonzero(numbers == number) if wanted is None or name in wanted else np.empty(0, np.int64)
        for number, (name, _) in each.items()
    ]
    lengths, order = [len(place) for place in places], np.concatenate(places)
    texts = dict(zip(("quantity", "network"), zip(*each.values(), strict=True), strict=True))
    nothing = np.full(len(order), "", dtype=object)
    return {
        "step": steps[order],
        "network": np.repeat(np.array(texts["network"], dtype=object), lengths),
        "layer": nothing,
        "site": nothing,
        "quantity": np.repeat(np.array(texts["quantity"], dtype=object), lengths),
        "index": np.zeros(len(order), dtype=np.int64),
        "coordinate": np.full(len(order), nan),
        "value": values[order],
    }
