"""Distribution drift by layer (Ioffe & Szegedy 2015), sampling shift, and what corrupted test data do."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.activations import at_layers
from shiftscope.lab.measurements.base import Measuring, Recorded
from shiftscope.lab.measurements.inference import OwnStatistics
from shiftscope.lab.training import seeds
from shiftscope.lab.training.loop import Training

_SMALLEST = 1e-6
"""Floor of a standard deviation that something is divided by."""
_DRAW_SEED = 15


def drift(before: Tensor, after: Tensor) -> float:
    """Return the Wasserstein-1 distance of each unit's values, (N, units), over their first std; mean over units."""
    distance = (before.sort(dim=0).values - after.sort(dim=0).values).abs().mean(dim=0)
    return (distance / before.std(dim=0, correction=0).clamp(min=_SMALLEST)).mean().item()


class DriftByDepth(Measuring):
    """Drift of each hidden layer's pre-activations on the probe batch: against step 0, and from look to look."""

    LOOKS = 20

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._every = max(1, training.total_steps // self.LOOKS)
        self._start = self._look()
        self._before = self._start
        self._moves: dict[str, dict[str, list[float]]] = {
            network: {layer: [] for layer in layers} for network, layers in self._start.items()
        }

    def after_update(self) -> None:
        """See Measuring."""
        if self.training.steps_done % self._every == 0:
            now = self._look()
            for network, layers in now.items():
                for layer, values in layers.items():
                    self._moves[network][layer].append(drift(self._before[network][layer], values))
            self._before = now

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return drifts by network and layer, their means over layers and their rank correlation with depth."""
        del recorded
        found, now = self.final(), self._look()
        for network, layers in now.items():
            total = [drift(self._start[network][layer], values) for layer, values in layers.items()]
            moves = [sum(values) / len(values) for values in self._moves[network].values()]
            for kind, values in (("drift", total), ("move", moves)):
                found |= {f"{network}/{kind}/{layer}": value for layer, value in zip(layers, values, strict=True)}
                found[f"{network}/{kind}"] = sum(values) / len(values)
                found[f"{network}/{kind}_with_depth"] = rank_correlation(values)
        return found

    def _look(self) -> dict[str, dict[str, Tensor]]:
        return {name: at_layers(network, self.training.probe_batch) for name, network in self.training.networks.items()}


def rank_correlation(values: list[float]) -> float:
    """Return Spearman's rank correlation of values with their position; NaN where one is not finite."""
    if not all(map(math.isfinite, values)):
        return math.nan
    ranks = torch.tensor(values).argsort().argsort().double()
    return torch.corrcoef(torch.stack((ranks, torch.arange(len(values), dtype=torch.float64))))[0, 1].item()


class SamplingShift(DriftByDepth):
    """How far the mean of a mini-batch lies from that of many samples, before anything is learnt and after it."""

    DRAWS = 200

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._at_start = {network: self._sampling(network) for network in training.networks}

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return |batch mean - mean| / std over what sampling alone gives, besides the drifts."""
        found = super().figures(recorded)
        for network in self.training.networks:
            found[f"{network}/sampling_at_start"] = self._at_start[network]
            found[f"{network}/sampling"] = self._sampling(network)
        return found

    def _sampling(self, network: str) -> float:
        """Return the mean over layers, units and draws of the shift, in units of what chance alone gives.

        The mean of m independent draws deviates by sqrt(2 / pi) sigma / sqrt(m) on average.
        """
        values = at_layers(self.training.networks[network], self.samples.train_inputs, "linear")
        size = self.config.batch_size
        generator = seeds.generator(_DRAW_SEED)
        draws = torch.randint(len(self.samples.train_inputs), (self.DRAWS, size), generator=generator)
        chance = math.sqrt(2 / math.pi / size)
        ratios = []
        for layer in values.values():
            std, mean = torch.std_mean(layer, dim=0, correction=0)
            shift = (layer[draws].mean(dim=1) - mean).abs() / std.clamp(min=_SMALLEST)
            ratios.append(shift[:, std > _SMALLEST].mean() / chance)
        return torch.stack(ratios).mean().item()


class UnderShift(OwnStatistics):
    """Accuracy on corrupted test data, and how sure of itself each network is there."""

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return "network/confidence": the mean of the largest class probability over the test set, in eval mode."""
        found = super().figures(recorded)
        for network in self.training.networks:
            with torch.inference_mode():
                outputs = self.copy(network, "eval")(self.samples.test_inputs)
            found[f"{network}/confidence"] = functional.softmax(outputs, dim=1).amax(dim=1).mean().item()
        return found
