"""The numbers of a network's sites, and the directory by which compiled code finds and fills them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.program import SiteRequest
from shiftscope.kernels.fused_pass import DIRECTORY, MOST_PICKED, PICK, REQUESTED, SLOT_COLUMNS, VECTOR, Statistic
from shiftscope.kernels.histogram import STRIDE
from shiftscope.kernels.moments import COUNT, FINITE, INFINITIES, NANS, PICKED, STATE

NOTHING_SEEN: NDArray[np.float64] = np.full(STATE, np.nan)
"""The state of a site that nothing has passed."""
NOTHING_SEEN[[COUNT, FINITE, NANS, INFINITIES, PICKED]] = 0
NOTHING_SEEN.flags.writeable = False


class SlotMemory:
    """A slot for each site: what is requested there, and what was last measured.

    Args:
        requests: by slot.
        units: single units that are looked at.

    Attributes:
        state: float64, shape (slots, STATE).
        fine: int32, shape (slots, STRIDE): fine histograms.
        vectors: float32: statistics by channel.
        picked: float64, shape (sites with single units, units, MOST_PICKED): values of single units.
        gradients: float64, shape (slots, 2): sum of squares, and count of what is not finite, of the gradients.
        directory: of all these but the gradients, for `pass_over`.
    """

    def __init__(self, requests: Sequence[SiteRequest], units: Sequence[int]) -> None:
        size = len(requests)
        self._requests = requests
        self._slots = np.zeros((size, SLOT_COLUMNS), dtype=np.int64)
        self._limits = np.array([request.limits for request in requests], dtype=np.float64).reshape(size, 2)
        self._units = np.array(units, dtype=np.int64)
        end = picks = 0
        for slot, request in enumerate(requests):
            statistics = request.all_statistics()
            self._slots[slot] = statistics, request.channels, end, picks
            end += 2 * request.channels if statistics & Statistic.CHANNEL_MOMENTS else 0
            picks += bool(statistics & Statistic.UNITS)
        self.state = np.tile(NOTHING_SEEN, (size, 1))
        self.fine = np.zeros((size, STRIDE), dtype=np.int32)
        self.vectors = np.full(end, np.nan, dtype=np.float32)
        self.picked = np.zeros((picks, len(units), MOST_PICKED))
        self.gradients = np.zeros((size, 2))
        self.directory = np.zeros(DIRECTORY, dtype=np.int64)
        tables = (self._slots, self._limits, self.state, self.fine, self.vectors, self._units, self.picked)
        self.directory[:] = [*(table.ctypes.data for table in tables), len(units)]

    def request(self, statistics: Sequence[Statistic]) -> None:
        """Let these be measured from now on, by slot."""
        self._slots[:, REQUESTED] = statistics

    def requested(self, slot: int) -> Statistic:
        """Return what is measured at a slot."""
        return Statistic(int(self._slots[slot, REQUESTED]))

    @contextmanager
    def only(self, slot: int, statistics: Statistic) -> Iterator[None]:
        """Let no other statistics than these be measured at a slot meanwhile."""
        requested = int(self._slots[slot, REQUESTED])
        self._slots[slot, REQUESTED] = requested & int(statistics)
        try:
            yield
        finally:
            self._slots[slot, REQUESTED] = requested

    def vector(self, slot: int) -> int:
        """Return where in `vectors` begin the statistics by channel of a slot."""
        return int(self._slots[slot, VECTOR])

    def vector_of(self, slot: int) -> NDArray[np.float32]:
        """Return the statistics by channel of a slot; empty where there are none."""
        request, start = self._requests[slot], self.vector(slot)
        return self.vectors[start : start + 2 * request.channels * (Statistic.CHANNEL_MOMENTS in request.statistics)]

    def pick(self, slot: int) -> int:
        """Return which of `picked` is a slot's."""
        return int(self._slots[slot, PICK])

    def picked_count(self, slot: int) -> int:
        """Return how many values of each single unit there are at a slot."""
        return int(self.state[slot, PICKED])

    def forget_channels(self, slot: int) -> None:
        """Let nothing be known by channel of what passed a slot last."""
        self.vector_of(slot)[:] = np.nan
        self.state[slot, PICKED] = 0
