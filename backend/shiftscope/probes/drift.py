"""Distribution drift: how the values at a fixed batch move as the network does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from shiftscope.kernels.distances import distances
from shiftscope.kernels.samples import Sample, take
from shiftscope.probes.distances import quantities
from shiftscope.probes.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.probes.probe import Probe, Tier
from shiftscope.probes.program import Place
from shiftscope.probes.streams import Stream
from shiftscope.probes.study import Board, Moment, Setting
from shiftscope.tracing.isolation import Quiet
from shiftscope.tracing.layers import CUT_TO_ZERO
from shiftscope.tracing.wrappers import Passage, Show

_SOURCE = "Ioffe & Szegedy 2015"
FROM_START = quantities("_from_start", "a at the first recorded step, b now, on the probe batch", _SOURCE)
FROM_PREVIOUS = quantities("_from_previous", "a at the drift frame before, b now, on the probe batch", _SOURCE)
DEAD_FRACTION = Quantity(
    "dead_fraction", "fraction", "units (or channels) whose output is 0 for the whole probe batch", sites="output"
)


class Glance:
    """Runs a network quietly and takes a sample at each layer's site, and each relu's dead units."""

    def __init__(self, network: NetworkPlan) -> None:
        self._network = network.module
        self._tap = network.tap
        self._quiet = Quiet(network.module, network.layers)
        self.layers = [layer for layer in network.layers if layer.shown]
        sites = [site for layer in self.layers if (site := layer.shown)]
        self.relus = [
            index
            for index, layer in enumerate(self.layers)
            if layer.activation and isinstance(layer.activation.module, CUT_TO_ZERO) and len(sites[index].calls) == 1
        ]
        outputs = [site for index in self.relus if (site := self.layers[index].activated)]
        self._passage = Passage([*sites, *outputs], network.tap.calls, network.tap.overwriting, self)
        self._samples: dict[int, Sample] = {}
        self._dead: dict[int, float] = {}

    def take(self, inputs: Tensor) -> tuple[Mapping[int, Sample], Mapping[int, float]]:
        """Return the sample at each layer, and for each relu the fraction of units that it leaves at zero."""
        self._samples, self._dead = {}, {}
        self._passage.begin()
        with self._quiet(), torch.no_grad(), self._tap.aside(self._passage.stand_in):
            self._network(inputs)
        self._passage.end()
        return self._samples, self._dead

    def show(self, slot: int) -> Show:
        """See Viewer."""
        if slot < len(self.layers):
            return lambda tensor: self._take_sample(slot, tensor)
        return lambda tensor: self._count_dead(self.relus[slot - len(self.layers)], tensor)

    def show_both(self, given: int, output: int) -> Callable[[Tensor, Tensor], None]:
        """See Viewer."""
        show, show_other = self.show(given), self.show(output)

        def both(one: Tensor, other: Tensor) -> None:
            show(one)
            show_other(other)

        return both

    def _take_sample(self, index: int, tensor: Tensor) -> None:
        self._samples[index] = take(tensor, self.layers[index].unit_axis)

    def _count_dead(self, index: int, tensor: Tensor) -> None:
        alive = tensor.detach().movedim(self.layers[index].unit_axis, 0).flatten(1).ne(0).any(dim=1)
        self._dead[index] = 1.0 - alive.double().mean().item()


class _Drift:
    def __init__(self, plan: Plan, network: NetworkPlan, setting: Setting) -> None:
        self._glance = Glance(network)
        self._inputs = setting.probe_batch
        self._places: list[tuple[Place, Place]] = []
        for layer in self._glance.layers:
            site = layer.shown
            if site is not None:
                first, previous = (
                    plan.add_all(Stream.DRIFT, group, Spot(network.name, layer.name, site.name))
                    for group in (FROM_START, FROM_PREVIOUS)
                )
                self._places.append((first, previous))
        self._dead = {
            index: plan.add(Stream.DRIFT, DEAD_FRACTION, Spot(network.name, self._glance.layers[index].name, "output"))
            for index in self._glance.relus
        }
        self._start: Mapping[int, Sample] = {}
        self._previous: Mapping[int, Sample] = {}

    def before(self, moment: Moment, board: Board) -> None:  # noqa: ARG002
        now, dead = self._glance.take(self._inputs)
        self._start = self._start or now
        self._previous = self._previous or now
        for index, places in enumerate(self._places):
            for place, then in zip(places, (self._start, self._previous), strict=True):
                known = index in now and index in then and index in self._start
                found = distances(then[index], now[index], self._start[index]) if known else np.full(10, np.nan)
                board.write(place, found)
        for index, place in self._dead.items():
            board.write(place, dead.get(index, np.nan))
        self._previous = now

    def after(self, moment: Moment, board: Board) -> None:
        """Nothing is left to do."""


DRIFT = Probe(
    "drift",
    Tier.STANDARD,
    "distance of each layer's values on a fixed batch from those at the start and at the frame before; dead units",
    (*FROM_START, *FROM_PREVIOUS, DEAD_FRACTION),
    stream=Stream.DRIFT,
    study=_Drift,
)
