"""Samples of a network's activations on a fixed batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.network import TracedNetwork
from shiftscope.kernels.distances import distances
from shiftscope.kernels.samples import Sample, take
from shiftscope.tracing.isolation import Isolation
from shiftscope.tracing.layers import CUT_TO_ZERO
from shiftscope.tracing.wrappers import Observe, PassWrappers, SiteObserver


class ActivationSampler(SiteObserver):
    """Runs a network in isolation and takes a sample at each layer's site, and each relu's dead units."""

    def __init__(self, network: TracedNetwork) -> None:
        self._network = network.module
        self._patch = network.patch
        self._isolation = Isolation(network.module, network.layers)
        self.layers = [layer for layer in network.layers if layer.shown]
        sites = [site for layer in self.layers if (site := layer.shown)]
        self.relus = [
            index
            for index, layer in enumerate(self.layers)
            if layer.activation and isinstance(layer.activation.module, CUT_TO_ZERO) and len(sites[index].calls) == 1
        ]
        outputs = [site for index in self.relus if (site := self.layers[index].activated)]
        self._wrappers = PassWrappers([*sites, *outputs], network.order, network.overwriting, self)
        self._samples: dict[int, Sample] = {}
        self._dead: dict[int, float] = {}

    def take(self, inputs: Tensor) -> tuple[Mapping[int, Sample], Mapping[int, float]]:
        """Return the sample at each layer, and for each relu the fraction of units that it leaves at zero."""
        self._wrappers.begin()
        try:
            with self._isolation(), torch.no_grad(), self._patch.aside(self._wrappers.wrap):
                self._network(inputs)
        finally:
            self._wrappers.end()
        return self._samples, self._dead

    @override
    def begin(self) -> None:
        self._samples, self._dead = {}, {}

    @override
    def observer(self, slot: int) -> Observe:
        if slot < len(self.layers):
            return lambda tensor: self._take_sample(slot, tensor)
        return lambda tensor: self._count_dead(self.relus[slot - len(self.layers)], tensor)

    @override
    def observer_of_both(self, given: int, output: int) -> Callable[[Tensor, Tensor], None]:
        observe, observe_other = self.observer(given), self.observer(output)

        def both(one: Tensor, other: Tensor) -> None:
            observe(one)
            observe_other(other)

        return both

    def _take_sample(self, index: int, tensor: Tensor) -> None:
        self._samples[index] = take(tensor, self.layers[index].unit_axis)

    def _count_dead(self, index: int, tensor: Tensor) -> None:
        alive = tensor.detach().movedim(self.layers[index].unit_axis, 0).flatten(1).ne(0).any(dim=1)
        self._dead[index] = 1.0 - alive.double().mean().item()


def warm_up() -> None:
    """Compile what compares samples."""
    sample = take(torch.zeros(1, 1), 1)
    distances(sample, sample, sample)
