"""Layouts without the layers that did not run: what was not measured has no place in a frame, and is no NaN there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shiftscope.wire.frames import MOST_ENTRIES, Entry, Layout

MOST_IN_HEADER = 64
"""Layouts that a run may have."""
MOST_LAYOUTS = 24
"""Layouts without layers that did not run: each is read by all who read the run."""
FOR_GROWTH = 20
"""Layouts that are left for layers that appear."""


class Absence(NamedTuple):
    """What of a network was not seen at a step.

    Attributes:
        layers: that did not run.
        values: sites, by layer and name, where no values were seen of those whose gradients are there.
        quantities: that there were none of.
    """

    layers: frozenset[str] = frozenset()
    values: frozenset[tuple[str, str]] = frozenset()
    quantities: frozenset[str] = frozenset()

    def of(self, entry: Entry) -> bool:
        """Whether a quantity of the network was not measured."""
        gone = entry.layer in self.layers or entry.quantity in self.quantities
        return gone or (entry.layer, entry.site) in self.values


ALL_THERE = Absence()


class Laid(NamedTuple):
    """How a stream's row is written: the number that frames call their stream, and which of its values it has."""

    number: int
    places: NDArray[np.intp]


class Revisions:
    """The layouts of a run: those of all layers, and those without layers that did not run at some steps.

    Args:
        layouts: the first ones, by name.
        networks: names.
        studied: streams that studies write: what did not run in a training step may have run there.

    Attributes:
        now: those of all layers, of streams that are written.
        full: whether there were more sets of layers than layouts are declared for: of those without one, rows have all
            layers, and NaN for those that did not run.
        dropped: streams that are written no more, as there was no room for their layouts.
    """

    def __init__(self, layouts: Mapping[str, Layout], networks: Sequence[str], studied: Collection[str] = ()) -> None:
        self.now: dict[str, Layout] = dict(layouts)
        self._networks, self._studied = networks, frozenset(studied)
        self._declared = {(name, layout.entries): layout for name, layout in layouts.items()}
        self._latest = {name: layout.revision for name, layout in layouts.items()}
        self._known: dict[tuple[Absence, ...], dict[str, Laid | None]] = {}
        self._room = MOST_IN_HEADER - len(layouts)
        self._absences = max(0, min(MOST_LAYOUTS, self._room - FOR_GROWTH))
        self.full = False
        self.dropped: frozenset[str] = frozenset()
        self._entries = MOST_ENTRIES - sum(len(layout.entries) for layout in layouts.values())
        self._count_layers(layouts)

    @property
    def growths(self) -> int:
        """How often there is still room for all streams of layers to be laid out anew."""
        # Layers that appear add entries to what is laid out anew: as many again, at most, are thought of.
        return min(self._room // self._of_layers, self._entries // (2 * self._entries_of_layers))

    def laid(self, absent: tuple[Absence, ...], streams: Collection[str]) -> tuple[Mapping[str, Laid], list[Layout]]:
        """Return how streams are written that lack something, and which layouts are to be declared before."""
        known = self._known.get(absent)
        if known is None:
            if self.full:
                return {}, []
            known = self._known[absent] = {}
        new: list[Layout] = []
        for name in streams:
            if name not in known and name not in self._studied and (layout := self.now.get(name)) is not None:
                known[name] = self._lay_out(layout, absent, new)
        return {name: laid for name, laid in known.items() if laid is not None}, new

    def lacking(self, absent: tuple[Absence, ...], streams: Collection[str]) -> Mapping[str, NDArray[np.intp]]:
        """Return which values were not measured in rows of streams that are written whole."""
        if not self.full:
            return {}
        of = dict(zip(self._networks, absent, strict=True))
        found: dict[str, NDArray[np.intp]] = {}
        for name in streams:
            if name in self.now and name not in self._studied:
                entries = self.now[name].entries
                gone = [entry for entry in entries if of.get(entry.network, ALL_THERE).of(entry)]
                if gone:
                    found[name] = _places(gone)
        return found

    def revise(self, layouts: Mapping[str, Layout]) -> list[Layout]:
        """Go on with other layouts of all layers; return those to be declared.

        A stream that is new, or for which there is no room, is written no more.
        """
        new: list[Layout] = []
        before, self.now = self.now, {}
        for name, layout in layouts.items():
            known = self._declared.get((name, layout.entries))
            if known is None and name in before and self._room > 0 and len(layout.entries) <= self._entries:
                known = self._declare(layout, new)
            if known is not None:
                self.now[name] = known
        self._known.clear()
        self.dropped = frozenset(self._latest) & set(layouts) - set(self.now)
        self._count_layers(layouts)
        return new

    def _count_layers(self, layouts: Mapping[str, Layout]) -> None:
        """Note how many streams, and entries, are laid out anew where a network has other layers."""
        found = [
            len(one.entries) for one in layouts.values() if any(entry.layer or entry.site for entry in one.entries)
        ]
        self._of_layers, self._entries_of_layers = max(1, len(found)), max(1, sum(found))

    def _declare(self, layout: Layout, new: list[Layout]) -> Layout:
        self._room -= 1
        self._entries -= len(layout.entries)
        self._latest[layout.name] += 1
        declared = layout.model_copy(update={"revision": self._latest[layout.name]})
        self._declared[layout.name, layout.entries] = declared
        new.append(declared)
        return declared

    def _lay_out(self, layout: Layout, absent: tuple[Absence, ...], new: list[Layout]) -> Laid | None:
        of = dict(zip(self._networks, absent, strict=True))
        kept = [entry for entry in layout.entries if not of.get(entry.network, ALL_THERE).of(entry)]
        if len(kept) == len(layout.entries):
            return None
        part = without_gaps(layout, kept)
        known = self._declared.get((layout.name, part.entries))
        if known is None:
            left = self._entries - 2 * self._entries_of_layers
            if min(self._absences, self._room - self._of_layers) <= 0 or len(kept) > left:
                self.full = True
                return None
            self._absences -= 1
            known = self._declare(part, new)
        return Laid(known.number, _places(kept))


def _places(entries: Sequence[Entry]) -> NDArray[np.intp]:
    """Return where in a row the values of these entries stand."""
    places = [np.arange(entry.offset, entry.offset + entry.size, dtype=np.intp) for entry in entries]
    return np.concatenate([*places, np.empty(0, dtype=np.intp)])


def without_gaps(layout: Layout, entries: Sequence[Entry]) -> Layout:
    """Return a layout of a stream that has some of its entries."""
    moved, offset = [], 0
    for entry in entries:
        moved.append(entry.model_copy(update={"offset": offset}))
        offset += entry.size
    return layout.model_copy(update={"entries": tuple(moved)})
