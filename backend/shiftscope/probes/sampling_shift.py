"""Sampling shift: how two mini-batches differ at the same parameters. It is sampling noise, not learning."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from shiftscope.engine.activation_sampler import ActivationSampler
from shiftscope.engine.distance_quantities import quantities
from shiftscope.engine.plan import NetworkPlan, Plan, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream
from shiftscope.engine.study import RowWriter, RunInputs, TrainingStep
from shiftscope.kernels.distances import distances

QUANTITIES = quantities(
    "",
    "a the training batch of the sampling frame before, b that of this step, both at this step's parameters; "
    "about sigma / sqrt(batch size) in any network",
    "the sense of 'covariate shift' between batches",
)


class _Sampling:
    def __init__(self, plan: Plan, network: NetworkPlan, given: RunInputs) -> None:
        self._sampler = ActivationSampler(network)
        self._places = [
            plan.add_all(Stream.SAMPLING_SHIFT, QUANTITIES, Spot(network.name, layer.name, site.name))
            for layer in self._sampler.layers
            if (site := layer.shown)
        ]
        self._before: Tensor = given.probe_batch

    def before(self, step: TrainingStep, row: RowWriter) -> None:
        size = min(len(self._before), len(step.inputs))
        one, _ = self._sampler.take(self._before[:size])
        other, _ = self._sampler.take(step.inputs[:size])
        for index, place in enumerate(self._places):
            known = index in one and index in other
            row.write(place, distances(one[index], other[index], one[index]) if known else np.full(10, np.nan))
        self._before = step.inputs.detach().clone()

    def after(self, step: TrainingStep, row: RowWriter) -> None:
        """Nothing is left to do."""


SAMPLING_SHIFT = Probe(
    "sampling_shift",
    Tier.STANDARD,
    "distance between two mini-batches at the same parameters",
    QUANTITIES,
    stream=Stream.SAMPLING_SHIFT,
    study=_Sampling,
)
