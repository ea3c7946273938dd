"""One network under observation: its layers, its part of each stream's row, and the program that fills it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from torch import nn

from shiftscope.frames import Layout, NetworkInfo
from shiftscope.probes import steps
from shiftscope.probes.execute import Operation
from shiftscope.probes.plan import NetworkPlan, Plan, Stream
from shiftscope.probes.probe import Probe
from shiftscope.probes.structure import Call, Layer

DEFAULT_SITES = frozenset({"pre_activation", "output"})


class Observation:
    """Measures one network at recorded steps.

    `scalars` names which of loss and accuracy will be given.
    """

    def __init__(
        self, name: str, module: nn.Module, layers: list[Layer], probes: Sequence[Probe], scalars: frozenset[str]
    ) -> None:
        plan = Plan()
        network = NetworkPlan(name, module, layers, DEFAULT_SITES.union(*(probe.sites for probe in probes)))
        self._scalars = [
            (quantity.name, plan.add(Stream.STEPS, quantity, network=name).offset)
            for quantity in (steps.LOSS, steps.ACCURACY)
            if quantity.name in scalars
        ]
        self._nonfinite = plan.add(Stream.STEPS, steps.NONFINITE_COUNT, network=name)
        for probe in probes:
            probe.lay(plan, network)
        network.program.add(Operation.WRITE_TOTAL_NOT_FINITE, place=self._nonfinite)
        self.info: NetworkInfo = network.info
        self.layouts: Mapping[Stream, Layout] = plan.build()
        starts, size = {}, 0
        for stream, layout in self.layouts.items():
            starts[int(stream)] = size
            size += layout.size
        self.row: NDArray[np.float32] = np.full(size, np.nan, dtype=np.float32)
        self._parts = {
            stream: self.row[starts[stream] : starts[stream] + layout.size] for stream, layout in self.layouts.items()
        }
        self._runner = network.program.build(starts)

    def measure(self, calls: Sequence[Call], scalars: Mapping[str, float]) -> None:
        """Fill the row from the recorded forward pass and the gradients that lie at the parameters."""
        self._runner.run(calls, self.row)
        head = self._parts[Stream.STEPS]
        for name, offset in self._scalars:
            head[offset] = scalars.get(name, np.nan)
        if not isfinite(scalars.get("loss", 0.0)):
            head[self._nonfinite.offset] += 1

    @property
    def nonfinite_count(self) -> float:
        """How many of the numbers that were last measured are NaN or infinite."""
        return float(self._parts[Stream.STEPS][self._nonfinite.offset])

    def part(self, stream: Stream) -> NDArray[np.float32]:
        """Return this network's part of a stream's row; empty where it has none."""
        return self._parts.get(stream, self.row[:0])
