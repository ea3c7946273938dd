"""Single samples on their way through a network: a fixed few, at single units of each layer."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.program import Place
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.site_reader import SiteReader
from shiftscope.engine.study import RowWriter, Study, TrainingStep
from shiftscope.kernels.tensor_memory import dense, unseen
from shiftscope.tracing.layers import Layer, Site

SAMPLES = 16
"""Of how many samples, the first of the probe batch, the way is kept."""
LOGITS = 10
"""Most outputs of the network that are kept of each."""

FOLLOWED = Quantity(
    "followed", "1",
    f"values of the probe batch's first {SAMPLES} samples, one a row, at single units (`units` of watch(), by default "
    f"0, 1, 2; of a channel at the middle position); of the last layer at up to {LOGITS}",
    "(samples, units)", "linear_output, pre_activation, output",
)  # fmt: skip


class _Followed(Study):
    def __init__(self, setup: ProbeSetup) -> None:
        self._inputs = setup.probe_batch
        self._count = max(1, min(SAMPLES, self._inputs.size))
        layers = setup.network.layers
        self._places: list[tuple[Place, tuple[int, int]]] = []
        readers = []
        for layer in layers:
            units = _units(layer, setup.network.units, last=layer is layers[-1])
            for site in _sites(layer):
                shape = (self._count, len(units))
                self._places.append((setup.add(FOLLOWED, layer.name, site.name, shape=shape), shape))
                readers.append((site, partial(_values, count=self._count, units=units, axis=layer.unit_axis)))
        self._reader = SiteReader(setup.network, readers)

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        for (place, shape), found in zip(self._places, self._reader.read(self._inputs), strict=True):
            known = found is not None and found.shape == shape
            row.write(place, found if known else np.full(shape, np.nan, np.float32))


def _sites(layer: Layer) -> list[Site]:
    return [site for name in ("linear_output", "pre_activation", "output") if (site := layer.site(name))]


def _units(layer: Layer, chosen: tuple[int, ...], *, last: bool) -> tuple[int, ...]:
    """Return the units that are followed: of the output layer the first ones, which are the classes."""
    if last:
        return tuple(range(min(LOGITS, layer.features)))
    return tuple(min(unit, layer.features - 1) for unit in chosen)


def _values(tensor: Tensor, *, count: int, units: tuple[int, ...], axis: int) -> NDArray[np.float32]:
    """Read units of the first samples, shape (count, units); where a unit has many values, that in their middle."""
    with unseen():
        values = dense(tensor)[:count].movedim(axis, 1)[:, list(units)]
        if values.numel() == 0:
            return np.empty((0, len(units)), np.float32)
        values = values.reshape(len(values), len(units), -1)
        return values[:, :, values.shape[2] // 2].to("cpu", torch.float32).numpy()


FOLLOWED_SAMPLES = Probe(
    "followed",
    f"the way of {SAMPLES} samples of the fixed batch through single units of each layer",
    (FOLLOWED,),
    study=_Followed,
    tier=Tier.STANDARD,
    share=0.125,
    needs=frozenset({Need.PROBE_BATCH}),
    restores=True,
)
