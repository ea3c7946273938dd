"""How far the mean of a mini-batch lies from that of all samples, and what corrupted test data do."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.activations import linear_outputs
from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.measurements.inference import OwnStatistics
from shiftscope.lab.training import seeds
from shiftscope.lab.training.loop import Training

_SMALLEST = 1e-6
"""A unit whose standard deviation is not above this is left out: it is dead."""
_DRAWS, _DRAW_SEED = 200, 15


class BatchMeans(Measurement):
    """The deviation of a mini-batch's mean from the mean of all samples, before anything is learnt and after it."""

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._untrained = {network: self._deviation(network) for network in training.networks}

    def figures(self) -> dict[str, float]:
        """Return "network/batch_mean_deviation" and "network/untrained/batch_mean_deviation"."""
        found = {}
        for network, untrained in self._untrained.items():
            found[f"{network}/untrained/batch_mean_deviation"] = untrained
            found[f"{network}/batch_mean_deviation"] = self._deviation(network)
        return found

    def _deviation(self, network: str) -> float:
        """Return |batch mean - mean| before normalization, in units of what chance alone gives on average.

        The mean over layers, units and random batches. The mean of m independent draws deviates by
        sqrt(2 / pi) sigma / sqrt(m) on average. NaN where every unit of a layer is dead.
        """
        values = linear_outputs(self.training.networks[network], self.samples.train_inputs)
        size = self.config.batch_size
        generator = seeds.generator(_DRAW_SEED)
        draws = torch.randint(len(self.samples.train_inputs), (_DRAWS, size), generator=generator)
        chance = math.sqrt(2 / math.pi / size)
        ratios = []
        for layer in values.values():
            std, mean = torch.std_mean(layer, dim=0, correction=0)
            alive = std > _SMALLEST
            deviation = (layer[draws].mean(dim=1) - mean).abs()[:, alive] / std[alive]
            ratios.append(deviation.mean() / chance)
        return torch.stack(ratios).mean().item()


class UnderShift(OwnStatistics):
    """Accuracy on corrupted test data, and how sure of itself each network is there."""

    def figures(self) -> dict[str, float]:
        """Return "network/confidence": the mean of the largest class probability over the test set, in eval mode."""
        found = super().figures()
        for network in self.training.networks:
            with torch.inference_mode():
                outputs = self.copy(network, "eval")(self.samples.test_inputs)
            found[f"{network}/confidence"] = functional.softmax(outputs, dim=1).amax(dim=1).mean().item()
        return found
