"""The noise that batch normalization puts into its output, and what whitening does and costs."""

from __future__ import annotations

import math

import torch

from shiftscope.lab.measurements.activations import at_layers, normalized
from shiftscope.lab.measurements.base import Measuring, Recorded
from shiftscope.lab.measurements.speed import Speed
from shiftscope.lab.training import seeds

SIZES = (8, 32, 128, 512)
_DRAWS, _FIXED, _DRAW_SEED = 200, 16, 8


class BatchNoise(Measuring):
    """How much a sample's normalized value depends on the chance of its batch, by the batch's size."""

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return "noise/SIZE" (std over random batches, in the first layer), its log-log slope, and accuracy gaps."""
        del recorded
        found = self.final()
        for network in self.training.networks:
            found[f"{network}/gap"] = found[f"{network}/train_accuracy"] - found[f"{network}/test_accuracy"]
        noise = self._noise()
        found |= {f"noise/{size}": value for size, value in noise.items()}
        logs = torch.tensor([[math.log(size), math.log(value)] for size, value in noise.items()], dtype=torch.float64)
        centred = logs - logs.mean(dim=0)
        found["noise/slope"] = ((centred[:, 0] @ centred[:, 1]) / (centred[:, 0] @ centred[:, 0])).item()
        return found

    def _noise(self) -> dict[int, float]:
        values = at_layers(self.training.networks["BN"], self.samples.train_inputs, "linear")["hidden 1"].double()
        fixed = values[:_FIXED]
        generator = seeds.generator(_DRAW_SEED)
        noise = {}
        for size in SIZES:
            draws = torch.randint(len(values), (_DRAWS, size), generator=generator)
            variance, mean = torch.var_mean(values[draws], dim=1, correction=0)
            seen = (fixed[:, None] - mean) / torch.sqrt(variance + 1e-5)
            noise[size] = seen.std(dim=1).mean().item()
        return noise


class Decorrelation(Speed):
    """Correlation between the units that a normalization leaves, and what its step costs."""

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return "network/correlation": mean |correlation| of pairs of units of the last hidden layer, in a batch."""
        found = super().figures(recorded)
        batch = self.samples.train_inputs[: self.config.batch_size]
        for name, network in self.training.networks.items():
            *_, (layer, values) = at_layers(network, batch, "linear").items()
            if "norm" in dict(network.get_submodule(layer).named_children()):
                values = normalized(network, batch, layer)
            alive = values[:, values.std(dim=0) > 1e-6].double()
            correlation = torch.corrcoef(alive.T).abs()
            units = len(correlation)
            found[f"{name}/correlation"] = ((correlation.sum() - units) / (units * (units - 1))).item()
        return found
