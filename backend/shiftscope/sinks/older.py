"""What is not sent to a server that is older than this package."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from shiftscope.sinks.outbox import Item
from shiftscope.wire.frames import REVISION, Frame
from shiftscope.wire.messages import EventMessage

_NEWER = frozenset({"scalar", "layouts", "applied"})
"""Kinds of events that a server refuses which does not name them in its welcome."""


def taken_by(kinds: Collection[str], items: Iterable[Item]) -> list[Item]:
    """Return what a server takes that names these kinds: no event that it would refuse, no frame without a layout."""
    refused = _NEWER - set(kinds)
    return [item for item in items if not (_needs(item) & refused)]


def _needs(item: Item) -> set[str]:
    if isinstance(item, bytes):
        return {"layouts"} if Frame.parse(item).stream >= REVISION else set()
    return {item.kind} if isinstance(item, EventMessage) else set()
