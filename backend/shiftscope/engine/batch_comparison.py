"""The distributions of training batches, compared with those that passed the same sites before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import nan, sqrt

import numpy as np
import torch
from numpy.typing import NDArray

from shiftscope.engine.program import Comparison, Place
from shiftscope.engine.scope_state import Carried
from shiftscope.kernels.batch_drift import KEPT, SLOT, write_batch_drift
from shiftscope.kernels.histogram import STRIDE
from shiftscope.kernels.moments import FINITE, STATE
from shiftscope.tracing.journal import Call


class BatchComparison:
    """Keeps what passed sites first and last, as moments and a fine histogram, and writes how far they are apart.

    Args:
        sites: that are compared.
        floors: where what two batches of one distribution differ by is written.

    Attributes:
        stream: the one that the distances are recorded in; empty where nothing is compared.
        probe: who is charged.
    """

    def __init__(self, sites: Sequence[Comparison], floors: Sequence[Place]) -> None:
        self._sites, self._floors = sites, floors
        self._table = np.zeros((len(sites), 3), dtype=np.int64)
        self._table[:, SLOT] = [one.request for one in sites]
        self._states = np.full((len(sites), KEPT, STATE), np.nan)
        self._states[:, :, FINITE] = 0
        self._fines = np.zeros((len(sites), KEPT, STRIDE), dtype=np.int32)
        self._at_floors: list[int] = []
        self.stream = sites[0].requester.stream if sites else ""
        self.probe = sites[0].requester.probe if sites else ""
        self._begins = True

    def place(self, position: Callable[[Place], int]) -> None:
        """Write, from now on, where the places are now."""
        for row, one in zip(self._table, self._sites, strict=True):
            row[1:] = position(one.start), position(one.previous)
        self._at_floors = [position(place) for place in self._floors]

    def inherit(
        self, other: BatchComparison, names: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]]
    ) -> None:
        """Go on from what another has kept of the sites with the same names."""
        at = {name: index for index, name in enumerate(others)}
        for index, name in enumerate(names):
            if name in at:
                self._states[index] = other._states[at[name]]
                self._fines[index] = other._fines[at[name]]

    def carried(self, names: Sequence[tuple[str, str]]) -> Carried:
        """Return what is kept of the sites with these names."""
        states, fines = (torch.from_numpy(kept.copy()) for kept in (self._states, self._fines))
        return {"sites": [list(name) for name in names], "states": states, "fines": fines}

    def carry_on(self, carried: Carried, names: Sequence[tuple[str, str]]) -> None:
        """Go on from what another has carried here of the sites with the same names."""
        at = {(layer, site): index for index, (layer, site) in enumerate(carried["sites"])}
        for index, name in enumerate(names):
            if name in at:
                self._states[index] = carried["states"][at[name]].numpy()
                self._fines[index] = carried["fines"][at[name]].numpy()

    def write(
        self, states: NDArray[np.float64], fines: NDArray[np.int32], samples: int, row: NDArray[np.float32]
    ) -> None:
        """Write the distances of what passed at this step, of so many samples; a step may be measured again."""
        write_batch_drift(self._table, states, fines, self._states, self._fines, row, self._begins)
        self._begins = False
        for at in self._at_floors:
            row[at] = 1 / sqrt(samples) if samples else nan

    def finish(self) -> None:
        """Take what passed at this step for the last that did: the network was updated."""
        self._begins = True


def count_samples(calls: Collection[Call]) -> int:
    """Count the samples of all passes that calls are part of; none are known where a layer was called by itself."""
    passes = {id(one.within): one.within for one in calls if one.within is not None}
    return sum(one.size for one in passes.values())


def warm_up() -> None:
    """Compile what compares."""
    compared, row = np.zeros((0, 3), np.int64), np.zeros(0, np.float32)
    states, fines = np.zeros((0, STATE)), np.zeros((0, STRIDE), np.int32)
    kept = np.zeros((0, KEPT, STATE)), np.zeros((0, KEPT, STRIDE), np.int32)
    write_batch_drift(compared, states, fines, *kept, row, True)
