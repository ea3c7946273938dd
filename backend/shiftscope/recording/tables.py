"""What a stream holds as one long table, as data frames and spreadsheets take it: a number a row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.wire.frames import Entry, Layout

COLUMNS = ("step", "network", "layer", "site", "quantity", "index", "coordinate", "value")
Column = NDArray[Any]
Place = tuple[str, str, str]
"""Network, layer and site."""


def contents(layouts: Collection[Layout]) -> dict[str, list[str]]:
    """List what there is, by stream: each quantity with its unit and shape, and how many places it is recorded at."""
    found: dict[str, dict[str, dict[Place, Entry]]] = {}
    for layout in layouts:
        quantities = found.setdefault(layout.name, {})
        for entry in layout.entries:
            places = quantities.setdefault(entry.quantity, {})
            places.setdefault((entry.network, entry.layer, entry.site), entry)
    return {
        name: [_described(quantity, list(places.values())) for quantity, places in quantities.items()]
        for name, quantities in found.items()
    }


def check_quantities(layouts: Collection[Layout], quantities: Collection[str] | None) -> None:
    """Raise KeyError where a stream has no quantity of a name, however it was laid out."""
    known = {entry.quantity for layout in layouts for entry in layout.entries}
    if unknown := sorted(set(quantities or ()) - known):
        names = {layout.name for layout in layouts}
        raise KeyError(f"stream {', '.join(names)} has no {unknown[0]!r}; it has {', '.join(sorted(known))}")


def long_table(
    layout: Layout, steps: NDArray[np.int64], rows: NDArray[np.float32], quantities: Collection[str] | None
) -> dict[str, Column]:
    """Return the columns of a long table, in the order of places and then of steps.

    Args:
        layout: of the stream.
        steps: of its frames, shape (frames,).
        rows: of its frames, shape (frames, layout.size).
        quantities: that are wanted; None for all that are single numbers.
    """
    entries = [
        entry for entry in layout.entries
        if (entry.size == 1 if quantities is None else entry.quantity in quantities)
    ]  # fmt: skip
    parts = [(entry, place) for entry in entries for place in range(entry.size)]
    offsets = [entry.offset + place for entry, place in parts]
    frames = len(steps)
    texts = {name: [getattr(entry, name) for entry, _ in parts] for name in ("network", "layer", "site", "quantity")}
    return {
        "step": np.tile(steps, len(parts)),
        **{name: np.repeat(np.array(values, dtype=object), frames) for name, values in texts.items()},
        "index": np.repeat(np.array([place for _, place in parts], dtype=np.int64), frames),
        "coordinate": np.repeat(np.array([_coordinate(*part) for part in parts], dtype=np.float64), frames),
        "value": rows[:, offsets].T.reshape(-1),
    }


def as_rows(columns: Mapping[str, Column]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table."""
    values = [columns[name].tolist() for name in COLUMNS]
    for row in zip(*values, strict=True):
        yield dict(zip(COLUMNS, row, strict=True))


def as_data_frame(columns: Mapping[str, Column]) -> Any:  # noqa: ANN401  pandas need not be there
    """Return a table as a data frame of pandas.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas  # noqa: ICN001, PLC0415  an extra
    except ImportError as error:
        raise ImportError(
            "a table is a data frame of pandas, which is not there: pip install 'shiftscope[pandas]', or take rows()"
        ) from error
    return pandas.DataFrame(dict(columns))


def _coordinate(entry: Entry, place: int) -> float:
    return nan if entry.coordinates is None else entry.coordinates[place % len(entry.coordinates)]


def _described(quantity: str, entries: list[Entry]) -> str:
    shapes = sorted({entry.shape for entry in entries})
    shape = "" if shapes == [()] else f" of shape {', '.join(map(str, shapes))}"
    unit = f" [{entries[0].unit}]" if entries[0].unit not in {"", "1"} else ""
    return f"{quantity}{unit}{shape}, {len(entries)} place{'s' if len(entries) > 1 else ''}"
