"""One network under observation: its layers, its part of each stream's row, and the program that fills it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray
from torch import nn

from shiftscope.frames import Layout, NetworkInfo
from shiftscope.probes import steps
from shiftscope.probes.capture import Tap, WatchError
from shiftscope.probes.execute import Operation
from shiftscope.probes.plan import NetworkPlan, Plan, Stream
from shiftscope.probes.probe import Probe
from shiftscope.probes.program import Runner

DEFAULT_SITES = frozenset({"pre_activation", "output"})


class Observation:
    """Measures one network at recorded steps, through a tap that has seen its first forward pass.

    `scalars` names which of loss and accuracy will be given.
    """

    def __init__(
        self, name: str, module: nn.Module, tap: Tap, probes: Sequence[Probe], scalars: Collection[str]
    ) -> None:
        plan = Plan()
        network = NetworkPlan(name, module, tap.discover(), DEFAULT_SITES.union(*(probe.sites for probe in probes)))
        given = [quantity for quantity in (steps.LOSS, steps.ACCURACY) if quantity.name in scalars]
        self._scalars = [(quantity.name, plan.add(Stream.STEPS, quantity, network=name)) for quantity in given]
        self._nonfinite = plan.add(Stream.STEPS, steps.NONFINITE_COUNT, network=name)
        for probe in probes:
            probe.lay(plan, network)
        network.program.add(Operation.WRITE_TOTAL_NOT_FINITE, place=self._nonfinite)
        self.info: NetworkInfo = network.info
        self.layouts: Mapping[Stream, Layout] = plan.build()
        self._tap = tap
        self._starts: Mapping[Stream, int]
        starts, size = {}, 0
        for stream, layout in self.layouts.items():
            starts[stream] = size
            size += layout.size
        self._starts = starts
        self._values: NDArray[np.float32] = np.full(size, np.nan, dtype=np.float32)
        self._runner = Runner(network.program, tap, starts)
        self._note_places()

    def move(self, values: NDArray[np.float32], starts: Mapping[Stream, int]) -> None:
        """Write into `values` from now on, where this network's part of each stream's row begins at `starts`."""
        for stream, layout in self.layouts.items():
            old, new = self._starts[stream], starts[stream]
            values[new : new + layout.size] = self._values[old : old + layout.size]
        self._values, self._starts = values, starts
        self._runner.place(starts)
        self._note_places()

    def measure(self, streams: frozenset[Stream], scalars: Mapping[str, float]) -> float:
        """Fill the rows of these streams from the recorded forward pass and the gradients at the parameters.

        Returns how many of the numbers measured are NaN or infinite.
        """
        values = self._values
        if not self._tap.passed:
            raise WatchError(f"{self.info.name} has run no forward pass that builds a graph since its last update")
        self._runner.run(values, streams)
        self._tap.clear()
        for name, place in self._scalar_places:
            values[place] = scalars.get(name, nan)
        if not isfinite(scalars.get("loss", 0.0)):
            values[self._nonfinite_place] += 1
        return float(values[self._nonfinite_place])

    def _note_places(self) -> None:
        start = self._starts[Stream.STEPS]
        self._scalar_places = [(name, start + place.offset) for name, place in self._scalars]
        self._nonfinite_place = start + self._nonfinite.offset
