"""Distribution drift: how the values at a fixed batch move as the network does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from typing_extensions import override

from shiftscope.engine.activation_sampler import ActivationSampler, warm_up
from shiftscope.engine.distance_quantities import quantities
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.program import Place
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import RowWriter, Study, TrainingStep
from shiftscope.kernels.distances import distances
from shiftscope.kernels.samples import Sample

_SOURCE = "Ioffe & Szegedy 2015"
FROM_START = quantities("_from_start", "a at the first recorded step, b now, on the probe batch", _SOURCE)
FROM_PREVIOUS = quantities("_from_previous", "a at the drift frame before, b now, on the probe batch", _SOURCE)
DEAD_FRACTION = Quantity(
    "dead_fraction", "fraction", "units (or channels) whose output is 0 for the whole probe batch", sites="output"
)


class _Drift(Study):
    def __init__(self, setup: ProbeSetup) -> None:
        self._sampler = ActivationSampler(setup.network)
        self._inputs = setup.probe_batch
        self._names = [f"{layer.name} {layer.shown.name}" for layer in self._sampler.layers if layer.shown]
        self._places: list[tuple[Place, Place]] = []
        for layer in self._sampler.layers:
            site = layer.shown
            if site is not None:
                first, previous = (setup.add_all(group, layer.name, site.name) for group in (FROM_START, FROM_PREVIOUS))
                self._places.append((first, previous))
        self._dead = {
            index: setup.add(DEAD_FRACTION, self._sampler.layers[index].name, "output") for index in self._sampler.relus
        }
        self._start: Mapping[int, Sample] = {}
        self._previous: Mapping[int, Sample] = {}

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        now, dead = self._sampler.take(self._inputs)
        self._start = {**now, **{at: then for at, then in self._start.items() if _alike(then, now.get(at))}}
        self._previous = self._previous or now
        for index, places in enumerate(self._places):
            for place, then in zip(places, (self._start, self._previous), strict=True):
                known = index in now and index in then and index in self._start
                found = distances(then[index], now[index], self._start[index]) if known else np.full(10, np.nan)
                row.write(place, found)
        for index, place in self._dead.items():
            row.write(place, dead.get(index, np.nan))
        self._previous = now

    @override
    def carried(self) -> Carried:
        samples = {"start": self._start, "previous": self._previous}
        return {then: self._by_name(found) for then, found in samples.items()} if self._start else {}

    @override
    def carry_on(self, carried: Carried) -> None:
        """Compare with what was carried here of layers of the same names: their order may be another one."""
        self._start, self._previous = (
            {at: Sample(carried[then][name].numpy()) for at, name in enumerate(self._names) if name in carried[then]}
            for then in ("start", "previous")
        )

    def _by_name(self, samples: Mapping[int, Sample]) -> dict[str, torch.Tensor]:
        return {self._names[at]: torch.from_numpy(sample.units) for at, sample in samples.items()}


def _alike(then: Sample, now: Sample | None) -> bool:
    """Whether a layer has as many units as it had: one of another size, in its place, begins anew."""
    return now is None or len(then.units) == len(now.units)


DRIFT = Probe(
    "drift",
    "distance of each layer's values on a fixed batch from those at the start and at the frame before; dead units",
    (*FROM_START, *FROM_PREVIOUS, DEAD_FRACTION),
    study=_Drift,
    tier=Tier.STANDARD,
    share=0.125,
    needs=frozenset({Need.PROBE_BATCH}),
    warm_up=warm_up,
    restores=True,
)
