"""Samples of a network's activations on a fixed batch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.site_reader import SiteReader
from shiftscope.engine.study import Inputs
from shiftscope.kernels.distances import distances
from shiftscope.kernels.samples import Sample, take
from shiftscope.tracing.layers import CUT_TO_ZERO


class ActivationSampler:
    """Runs a network in isolation and takes a sample at each layer's site, and each relu's dead units."""

    def __init__(self, network: TracedNetwork) -> None:
        self.layers = [layer for layer in network.layers if layer.shown]
        shown = {index: site for index, layer in enumerate(self.layers) if (site := layer.shown)}
        relus = {
            index: site
            for index, layer in enumerate(self.layers)
            if layer.activation and isinstance(layer.activation.module, CUT_TO_ZERO) and (site := layer.activated)
        }
        self.relus = list(relus)
        self._samples = list(shown)
        axes = [layer.unit_axis for layer in self.layers]
        self._reader = SiteReader(
            network,
            [(site, partial(take, axis=axes[index])) for index, site in shown.items()]
            + [(site, partial(_dead, axis=axes[index])) for index, site in relus.items()],
        )

    def take(self, inputs: Inputs) -> tuple[Mapping[int, Sample], Mapping[int, float]]:
        """Return the sample at each layer, and for each relu the fraction of units that it leaves at zero."""
        found = self._reader.read(inputs)
        samples, dead = found[: len(self._samples)], found[len(self._samples) :]
        return _given(self._samples, samples), _given(self.relus, dead)


def _given(keys: list[int], values: list[Any]) -> dict[int, Any]:
    return {key: value for key, value in zip(keys, values, strict=True) if value is not None}


def _dead(tensor: Tensor, axis: int) -> float:
    alive = tensor.detach().movedim(axis, 0).flatten(1).ne(0).any(dim=1)
    return 1.0 - alive.double().mean().item()


def warm_up() -> None:
    """Compile what compares samples."""
    sample = take(torch.zeros(1, 1), 1)
    distances(sample, sample, sample)
