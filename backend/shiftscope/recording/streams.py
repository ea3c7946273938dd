"""Streams of frames, read as arrays: alike whether the frames lie in a file or in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.recording import logged
from shiftscope.recording.tables import as_data_frame, as_rows, check_quantities, contents, long_table
from shiftscope.wire.frames import HEADER, Entry, Layout, RunHeader, find_entry


class Streams(ABC):
    """What a run has recorded, by the name of the stream."""

    @property
    @abstractmethod
    def header(self) -> RunHeader | None:
        """Networks and layouts; None when the run never began to train."""

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The streams' first layouts by name; empty when the run never began to train."""
        header = self.header
        return {one.name: one for one in header.layouts if one.revision == 0} if header else {}

    @abstractmethod
    def _steps(self, numbers: Collection[int]) -> Iterable[int]:
        """Yield the step of each frame of the layouts with these numbers, in the order of their seqs."""

    @abstractmethod
    def _slices(self, places: Mapping[int, slice]) -> Iterable[bytes]:
        """Yield, of each frame of the layouts with these numbers, the bytes at a place, in the order of their seqs."""

    def _logged_names(self) -> logged.Names:
        """Return the names of the numbers that were logged, where they are known."""
        return {}

    @abstractmethod
    def __str__(self) -> str:
        """Name what was recorded, for messages."""

    def steps(self, stream: str) -> NDArray[np.int64]:
        """Return the steps at which a stream was recorded, shape (frames,)."""
        return np.fromiter(self._steps([layout.number for layout in self._revisions(stream)]), dtype=np.int64)

    def steps_of(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> NDArray[np.int64]:
        """Return the steps of what `values` returns: a layer that did not run at a step has no value there.

        Raises:
            KeyError: as `values` does.
        """
        if (named := self._logged_as(stream, quantity, network, layer + site)) is not None:
            return named[0]
        found = self._entries(stream, quantity, network=network, layer=layer, site=site)
        return np.fromiter(self._steps([*found]), dtype=np.int64)

    def values(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> NDArray[np.float32]:
        """Return a quantity over time, shape (frames, *entry.shape), in the unit that the layout states.

        Where the stream was laid out anew, only of the frames that hold the quantity: see `steps_of`. Of a run with one
        network, `network` need not be given. In the stream "scalars" a quantity is a name that was logged.

        Raises:
            KeyError: no such stream or quantity; the message lists what there is.
        """
        if (named := self._logged_as(stream, quantity, network, layer + site)) is not None:
            return named[1]
        found = self._entries(stream, quantity, network=network, layer=layer, site=site)
        places = {}
        for number, entry in found.items():
            start = HEADER.size + 4 * entry.offset
            places[number] = slice(start, start + 4 * entry.size)
        shape = next(iter(found.values())).shape
        return np.frombuffer(b"".join(self._slices(places)), dtype="<f4").astype(np.float32).reshape(-1, *shape)

    def coordinates(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> tuple[float, ...]:
        """Return the numbers that name the positions along the quantity's last axis; empty where they have none.

        Raises:
            KeyError: as `values` does.
        """
        (entry, *_) = self._entries(stream, quantity, network=network, layer=layer, site=site).values()
        return entry.coordinates or ()

    def contents(self) -> dict[str, list[str]]:
        """List what was recorded, by stream: each quantity with its unit and shape, and at how many places."""
        header = self.header
        found = contents(header.layouts if header else ())
        if logged.STREAM in found and (names := self._logged_names()):
            found[logged.STREAM] = logged.described(names)
        return found

    def table(self, stream: str, quantities: Collection[str] | None = None) -> Any:  # noqa: ANN401  pandas is an extra
        """Return a stream as one long data frame of pandas, with the columns of `tables.COLUMNS`.

        Args:
            stream: its name.
            quantities: that are wanted, histograms say, a row for each position; None for all that are single numbers.

        Raises:
            KeyError: there is no such stream or quantity.
            ImportError: pandas is not installed (`shiftscope[pandas]`).
        """
        return as_data_frame(self._columns(stream, quantities))

    def rows(self, stream: str, quantities: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of the same table as dicts. Raises KeyError as `table` does."""
        return as_rows(self._columns(stream, quantities))

    def _columns(self, stream: str, quantities: Collection[str] | None) -> Mapping[str, NDArray[Any]]:
        layouts = self._revisions(stream)
        names = self._logged_names() if stream == logged.STREAM else {}
        if names and (quantities is None or {name for name, _ in names.values()}.intersection(quantities)):
            return logged.named_table(names, *self._logged(), quantities)
        check_quantities(layouts, quantities)
        tables = []
        for layout in layouts:
            steps = np.fromiter(self._steps([layout.number]), dtype=np.int64)
            slices = self._slices({layout.number: slice(HEADER.size, HEADER.size + 4 * layout.size)})
            values = np.frombuffer(b"".join(slices), dtype="<f4")
            values = values.reshape(-1 if layout.size else 0, layout.size)  # one may have no entries
            frames = min(len(steps), len(values))  # one may have come between
            tables.append(long_table(layout, steps[:frames], values[:frames], quantities))
        return {name: np.concatenate([one[name] for one in tables]) for name in tables[0]}

    def _logged_as(
        self, stream: str, quantity: str, network: str, place: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
        """Return the steps and the values of what was logged by a name; None where the stream holds no names."""
        if stream != logged.STREAM or place or quantity in {logged.NUMBER, logged.VALUE}:
            return None
        if not (names := self._logged_names()):
            return None
        header = self.header
        only = [one.name for one in header.networks] if header and not network else []
        numbers = logged.numbers_of(names, quantity, [network, *only] if len(only) == 1 else [network])
        steps, found, values = self._logged()
        at = np.isin(found, numbers)
        return steps[at], values[at]

    def _logged(self) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """Return the steps, the numbers of the names and the values of all that was logged."""
        numbers, values = (self.values(logged.STREAM, quantity) for quantity in (logged.NUMBER, logged.VALUE))
        steps = self.steps(logged.STREAM)
        frames = min(len(steps), len(numbers), len(values))  # one may have come between
        return steps[:frames], numbers[:frames], values[:frames]

    def _entries(self, stream: str, quantity: str, *, network: str, layer: str, site: str) -> dict[int, Entry]:
        """Return where a quantity stands, by the number of each layout that has it in the same shape as the newest."""
        found: dict[int, Entry] = {}
        fault: KeyError | None = None
        for layout in self._revisions(stream):
            try:
                found[layout.number] = find_entry(layout, quantity, network=network, layer=layer, site=site)
            except KeyError as error:
                fault = fault or error
        if not found:
            header = self.header
            if not network and header is not None and len(header.networks) == 1:
                return self._entries(stream, quantity, network=header.networks[0].name, layer=layer, site=site)
            raise fault or KeyError(stream)
        newest = found[max(found)]
        return {number: entry for number, entry in found.items() if entry.shape == newest.shape}

    def _revisions(self, stream: str) -> list[Layout]:
        header = self.header
        layouts = header.layouts if header else ()
        found = [layout for layout in layouts if layout.name == stream]
        if not found:
            names = dict.fromkeys(layout.name for layout in layouts)
            raise KeyError(f"{self} has no stream {stream!r}; it has {', '.join(names) or 'none'}")
        return found
