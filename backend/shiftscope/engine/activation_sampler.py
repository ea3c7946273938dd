"""Samples of a network's activations on a fixed batch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.study import Inputs
from shiftscope.kernels.distances import distances
from shiftscope.kernels.samples import Sample, take
from shiftscope.tracing.isolation import Isolation
from shiftscope.tracing.journal import Call
from shiftscope.tracing.layers import CUT_TO_ZERO
from shiftscope.tracing.tracer import Given, Output, PartObserver, Tracer


class ActivationSampler(PartObserver):
    """Runs a network in isolation and takes a sample at each layer's site, and each relu's dead units."""

    def __init__(self, network: TracedNetwork) -> None:
        self._network = network.module
        self._overwriting = network.overwriting
        self._isolation = Isolation(network.module, network.layers)
        self.layers = [layer for layer in network.layers if layer.shown]
        self.relus = [
            index
            for index, layer in enumerate(self.layers)
            if layer.activation and isinstance(layer.activation.module, CUT_TO_ZERO)
        ]
        self._sites = {index: site for index, layer in enumerate(self.layers) if (site := layer.shown)}
        self._outputs = {index: site for index in self.relus if (site := self.layers[index].activated)}
        self._tracer = Tracer(network.module, _raise, any_pass=True)
        self._tracer.observe_with(self)
        self._samples: dict[int, Sample] = {}
        self._dead: dict[int, float] = {}

    def take(self, inputs: Inputs) -> tuple[Mapping[int, Sample], Mapping[int, float]]:
        """Return the sample at each layer, and for each relu the fraction of units that it leaves at zero."""
        self._samples, self._dead = {}, {}
        self._tracer.arm()
        try:
            with self._isolation(), torch.no_grad():
                inputs.run(self._network)
        finally:
            self._tracer.disarm()
            self._tracer.clear()
        return self._samples, self._dead

    @override
    def before(self, part: int) -> Given | None:
        return (lambda call, tensor: self._observe(part, 0, call, tensor)) if part in self._overwriting else None

    @override
    def after(self, part: int) -> Output:
        def passed(call: Call, given: Tensor, output: Tensor) -> None:
            if part not in self._overwriting:
                self._observe(part, 0, call, given)
            self._observe(part, 1, call, output)

        return passed

    def _observe(self, part: int, end: int, call: Call, tensor: Tensor) -> None:
        here = (part, end, call.layer)
        for index, site in self._sites.items():
            if (site.part, site.end, site.layer) == here:
                self._take_sample(index, tensor)
        for index, site in self._outputs.items():
            if (site.part, site.end, site.layer) == here:
                self._count_dead(index, tensor)

    def _take_sample(self, index: int, tensor: Tensor) -> None:
        self._samples[index] = take(tensor, self.layers[index].unit_axis)

    def _count_dead(self, index: int, tensor: Tensor) -> None:
        alive = tensor.detach().movedim(self.layers[index].unit_axis, 0).flatten(1).ne(0).any(dim=1)
        self._dead[index] = 1.0 - alive.double().mean().item()


def _raise(_part: int, error: Exception) -> None:
    raise error


def warm_up() -> None:
    """Compile what compares samples."""
    sample = take(torch.zeros(1, 1), 1)
    distances(sample, sample, sample)
