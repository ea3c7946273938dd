"""Sampling shift: how two mini-batches differ at the same parameters. It is sampling noise, not learning."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from shiftscope.engine.activation_sampler import Glance
from shiftscope.engine.distance_quantities import quantities
from shiftscope.engine.plan import NetworkPlan, Plan, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream
from shiftscope.engine.study import Board, Moment, Setting
from shiftscope.kernels.distances import distances

QUANTITIES = quantities(
    "",
    "a the training batch of the sampling frame before, b that of this step, both at this step's parameters; "
    "about sigma / sqrt(batch size) in any network",
    "the sense of 'covariate shift' between batches",
)


class _Sampling:
    def __init__(self, plan: Plan, network: NetworkPlan, setting: Setting) -> None:
        self._glance = Glance(network)
        self._places = [
            plan.add_all(Stream.SAMPLING_SHIFT, QUANTITIES, Spot(network.name, layer.name, site.name))
            for layer in self._glance.layers
            if (site := layer.shown)
        ]
        self._before: Tensor = setting.probe_batch

    def before(self, moment: Moment, board: Board) -> None:
        size = min(len(self._before), len(moment.inputs))
        one, _ = self._glance.take(self._before[:size])
        other, _ = self._glance.take(moment.inputs[:size])
        for index, place in enumerate(self._places):
            known = index in one and index in other
            board.write(place, distances(one[index], other[index], one[index]) if known else np.full(10, np.nan))
        self._before = moment.inputs.detach().clone()

    def after(self, moment: Moment, board: Board) -> None:
        """Nothing is left to do."""


SAMPLING_SHIFT = Probe(
    "sampling_shift",
    Tier.STANDARD,
    "distance between two mini-batches at the same parameters",
    QUANTITIES,
    stream=Stream.SAMPLING_SHIFT,
    study=_Sampling,
)
