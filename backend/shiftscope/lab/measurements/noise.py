"""The noise that batch normalization puts into its output, and what whitening does and costs."""

from __future__ import annotations

import math

import torch

from shiftscope.lab.measurements.activations import linear_outputs, normalized
from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.measurements.speed import StepSeconds
from shiftscope.lab.training import seeds

SIZES = (8, 32, 128, 512)
_DRAWS, _FIXED, _DRAW_SEED = 200, 16, 8


class BatchNoise(Measurement):
    """How much a sample's normalized value depends on the chance of its batch, by the batch's size."""

    def figures(self) -> dict[str, float]:
        """Return "noise/SIZE" (std over random batches, in the first layer) and its log-log slope."""
        noise = self._noise()
        found = {f"noise/{size}": value for size, value in noise.items()}
        logs = torch.tensor([[math.log(size), math.log(value)] for size, value in noise.items()], dtype=torch.float64)
        centred = logs - logs.mean(dim=0)
        found["noise/slope"] = ((centred[:, 0] @ centred[:, 1]) / (centred[:, 0] @ centred[:, 0])).item()
        return found

    def _noise(self) -> dict[int, float]:
        values = linear_outputs(self.training.networks["BN"], self.samples.train_inputs)["hidden 1"].double()
        fixed = values[:_FIXED]
        generator = seeds.generator(_DRAW_SEED)
        noise = {}
        for size in SIZES:
            draws = torch.randint(len(values), (_DRAWS, size), generator=generator)
            variance, mean = torch.var_mean(values[draws], dim=1, correction=0)
            seen = (fixed[:, None] - mean) / torch.sqrt(variance + 1e-5)
            noise[size] = seen.std(dim=1).mean().item()
        return noise


class Decorrelation(StepSeconds):
    """Correlation between the units that a normalization leaves, and what its step costs."""

    def figures(self) -> dict[str, float]:
        """Return "network/correlation": mean |correlation| of pairs of units of the last hidden layer, in a batch."""
        found = super().figures()
        batch = self.samples.train_inputs[: self.config.batch_size]
        for name, network in self.training.networks.items():
            *_, (layer, values) = linear_outputs(network, batch).items()
            if "norm" in dict(network.get_submodule(layer).named_children()):
                values = normalized(network, batch, layer)
            alive = values[:, values.std(dim=0) > 1e-6].double()
            correlation = torch.corrcoef(alive.T).abs()
            units = len(correlation)
            found[f"{name}/correlation"] = ((correlation.sum() - units) / (units * (units - 1))).item()
        return found
