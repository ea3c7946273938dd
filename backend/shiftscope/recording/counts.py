"""Finds fractions that are counts of something: histograms, whose values take a third of the bytes as counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.wire.frames import Layout

FEWEST = 8
"""Entries with fewer values are not tried."""
MULTIPLES = 64
"""A bin with the fewest values may have so many of them at most, for the total to be found."""
PATIENCE = 8
"""An entry that was no counts so many times is not tried again."""
MOST = 65535


class CountFinder:
    """Finds, for the rows of one stream, the entries whose values are counts divided by a total.

    The total that an entry had is tried first: it seldom changes. A value counts only if the division gives back each
    of its bits.
    """

    def __init__(self, layout: Layout) -> None:
        self.size = layout.size
        entries = [entry for entry in layout.entries if entry.unit == "fraction" and entry.size >= FEWEST]
        self._spans = [(entry.offset, entry.size) for entry in entries]
        self._sizes = np.array([size for _, size in self._spans], dtype=np.intp)
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._columns = np.concatenate(
            [np.arange(0, dtype=np.intp), *(np.arange(offset, offset + size) for offset, size in self._spans)]
        )
        self._totals = np.ones(len(entries))
        self._failed = np.zeros(len(entries), dtype=int)

    def find(self, rows: NDArray[np.uint32]) -> tuple[list[tuple[int, int, int]], NDArray[np.uint16]]:
        """Return (offset, size, total) of what are counts in all of the rows, and these, shape (rows, counts).

        `rows` are the bits of float32 values.
        """
        if not self._spans:
            return [], np.empty((len(rows), 0), dtype="<u2")
        bits = np.ascontiguousarray(rows[:, self._columns])
        counts, exact = _counts(bits, np.repeat(self._totals, self._sizes))
        alike = np.logical_and.reduceat(exact.all(axis=0), self._starts)
        for index in np.flatnonzero(~alike & (self._failed < PATIENCE)).tolist():
            span = slice(self._starts[index], self._starts[index] + self._sizes[index])
            alike[index] = self._try(index, bits[:, span], counts[:, span])
        groups = [(*span, int(total)) for span, total, one in zip(self._spans, self._totals, alike, strict=True) if one]
        return groups, counts[:, np.repeat(alike, self._sizes)]

    def _try(self, index: int, bits: NDArray[np.uint32], counts: NDArray[np.uint16]) -> bool:
        """Find the total of an entry anew, and fill in its counts; return whether there is one."""
        values = bits.view("<f4")
        positive = values[values > 0]
        smallest = float(positive.min()) if positive.size else 1.0
        for multiple in range(1, MULTIPLES + 1):
            total = float(np.rint(multiple / smallest))
            if 1 <= total <= MOST:
                found, exact = _counts(bits, np.float64(total))
                if exact.all():
                    counts[:] = found
                    self._totals[index], self._failed[index] = total, 0
                    return True
        self._failed[index] += 1
        return False


def _counts(
    bits: NDArray[np.uint32], total: NDArray[np.float64] | np.float64
) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    with np.errstate(all="ignore"):
        scaled = np.rint(bits.view("<f4").astype(np.float64) * total)
        counts = np.where((scaled >= 0) & (scaled <= MOST), scaled, 0).astype("<u2")
        return counts, (counts / total).astype("<f4").view("<u4") == bits
