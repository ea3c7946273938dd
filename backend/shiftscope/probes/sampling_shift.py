"""Sampling shift: how two mini-batches differ at the same parameters. It is sampling noise, not learning."""

from __future__ import annotations

import numpy as np
from typing_extensions import override

from shiftscope.engine.activation_sampler import ActivationSampler, warm_up
from shiftscope.engine.distance_quantities import quantities
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import Inputs, RowWriter, Study, TrainingStep
from shiftscope.kernels.distances import distances

QUANTITIES = quantities(
    "",
    "a the training batch of the sampling frame before, b that of this step, both at this step's parameters; "
    "about sigma / sqrt(batch size) in any network",
    "the sense of 'covariate shift' between batches",
)


class _Sampling(Study):
    def __init__(self, setup: ProbeSetup) -> None:
        self._sampler = ActivationSampler(setup.network)
        self._places = [
            setup.add_all(QUANTITIES, layer.name, site.name) for layer in self._sampler.layers if (site := layer.shown)
        ]
        self._before = setup.probe_batch

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        if step.given.first is None:  # what the network was called with was not seen
            return
        size = min(self._before.size, step.given.size)
        one, _ = self._sampler.take(self._before.head(size))
        other, _ = self._sampler.take(step.given.head(size))
        for index, place in enumerate(self._places):
            known = index in one and index in other
            row.write(place, distances(one[index], other[index], one[index]) if known else np.full(10, np.nan))
        self._before = step.given.copied()

    @override
    def carried(self) -> Carried:
        return {"arguments": self._before.arguments, "keywords": dict(self._before.keywords)}

    @override
    def carry_on(self, carried: Carried) -> None:
        self._before = Inputs(tuple(carried["arguments"]), carried["keywords"])


SAMPLING_SHIFT = Probe(
    "sampling_shift",
    "distance between two mini-batches at the same parameters",
    QUANTITIES,
    study=_Sampling,
    tier=Tier.STANDARD,
    share=0.05,
    needs=frozenset({Need.PROBE_BATCH}),
    warm_up=warm_up,
    restores=True,
)
