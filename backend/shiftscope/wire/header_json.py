"""A header as JSON, in pieces: one of tens of thousands of entries would keep all other threads waiting meanwhile."""

from __future__ import annotations

from pydantic import TypeAdapter

from shiftscope.wire.frames import Entry, Layout, RunHeader

PIECE = 500
"""Entries that are written before another thread may have its turn: a few ms."""
_ENTRIES: TypeAdapter[tuple[Entry, ...]] = TypeAdapter(tuple[Entry, ...])


def header_json(header: RunHeader) -> str:
    """Return what `header.model_dump_json()` does, layouts and their entries last."""
    layouts = ",".join(map(_layout_json, header.layouts))
    return f'{header.model_dump_json(exclude={"layouts"})[:-1]},"layouts":[{layouts}]}}'


def _layout_json(layout: Layout) -> str:
    entries = layout.entries
    pieces = [_ENTRIES.dump_json(entries[at : at + PIECE])[1:-1].decode() for at in range(0, len(entries), PIECE)]
    return f'{layout.model_dump_json(exclude={"entries"})[:-1]},"entries":[{",".join(pieces)}]}}'
