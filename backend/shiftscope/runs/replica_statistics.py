"""What each replica's share of a batch brings to batch normalization, beside what all shares together do: a probe."""

from __future__ import annotations

from functools import partial
from math import nan, prod

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe
from shiftscope.engine.program import Place
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import RowWriter, Study, TrainingStep
from shiftscope.lab.models.joined import pooled
from shiftscope.lab.training.replicas import ReplicaTraining

REPLICAS = "replicas"
"""The stream, and the probe."""

_CHANNELS, _REPLICAS = "(channels,)", "(replicas, channels)"
MEAN = Quantity(
    "replica_mean", "1", "mean of the normalization's input over each replica's share of the batch", _REPLICAS
)
STD = Quantity("replica_std", "1", "standard deviation of the same values, which normalizes them", _REPLICAS)
JOINED_MEAN = Quantity("joined_mean", "1", "mean over the shares of all replicas", _CHANNELS)
JOINED_STD = Quantity(
    "joined_std", "1", "standard deviation of the same values, which normalizes them in SyncBN", _CHANNELS
)
SPREAD = Quantity(
    "replica_spread",
    "std",
    "standard deviation of the replicas' means over that of the values: the root of the mean over channels of "
    "sum_r (mean_r - mean)^2 / (replicas - 1), over the root of the mean of the unbiased joined variance",
)
CHANCE = Quantity(
    "replica_chance",
    "std",
    "sqrt(replicas / batch size): the spread of shares of independent samples; not of layers whose means are over "
    "positions too, since those of a sample depend on one another",
)


class _Statistics(Study):
    def __init__(self, setup: ProbeSetup, training: ReplicaTraining) -> None:
        self._training, self._name = training, setup.network.name
        self._places: list[tuple[str, int, list[Place]]] = []
        known = set(training.norms[self._name])
        for layer in setup.network.layers:
            if layer.normalization is not None and layer.normalization.name in known:
                positions = prod((layer.shape or ())[2:])
                places = self._lay_out(setup, layer.name, layer.features, chance=positions == 1)
                self._places.append((layer.normalization.name, positions, places))

    def _lay_out(self, setup: ProbeSetup, layer: str, channels: int, *, chance: bool) -> list[Place]:
        shares = [setup.add(one, layer, shape=(self._training.replicas, channels)) for one in (MEAN, STD)]
        joined = [setup.add(one, layer, shape=(channels,)) for one in (JOINED_MEAN, JOINED_STD)]
        return [*shares, *joined, *(setup.add(one, layer) for one in ((SPREAD, CHANCE) if chance else (SPREAD,)))]

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        if self._name not in self._training.moments:
            return  # the first pass is measured when it is over, and then again when its losses are known
        chance = (self._training.replicas / self._training.batch_size) ** 0.5
        for path, positions, places in self._places:
            shares = self._training.moments[self._name][path]
            variances, means = (shares[:, at].numpy().astype(np.float64) for at in (0, 1))
            variance, mean = pooled(shares.double()).numpy()
            found = spread(means, variance, self._training.batch_size * positions)
            numbers = (means, np.sqrt(variances), mean, np.sqrt(variance), found, chance)
            for place, one in zip(places, numbers, strict=False):  # some have no place for chance, the last
                row.write(place, one)


def spread(means: NDArray[np.float64], variance: NDArray[np.float64], values: int) -> float:
    """Return the spread of the replicas' means, (replicas, channels), in standard deviations of the values.

    `variance` is the biased one of the joined batch, by channel, over so many values. NaN where nothing varies.
    """
    of_values = variance.mean() * values / (values - 1)
    return float(np.sqrt(means.var(axis=0, ddof=1).mean() / of_values)) if of_values > 0 else nan


def replica_statistics(training: ReplicaTraining) -> Probe:
    """Return the probe for a training: what was gathered at each step is recorded, by every batch normalization."""
    return Probe(
        REPLICAS,
        "what each replica's share of the batch brings to batch normalization, and all shares together",
        (MEAN, STD, JOINED_MEAN, JOINED_STD, SPREAD, CHANCE),
        study=partial(_Statistics, training=training),
        restores=True,
        reads=True,
    )
