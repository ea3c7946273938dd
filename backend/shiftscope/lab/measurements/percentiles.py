"""How far the input to a sigmoid wanders while a network learns: Ioffe & Szegedy's figure 1."""

from __future__ import annotations

import torch
from torch import Tensor

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.activations import at_layers
from shiftscope.lab.measurements.base import Recorded
from shiftscope.lab.measurements.speed import StepsTo
from shiftscope.lab.training.loop import Training

LEVELS = (0.15, 0.5, 0.85)


class PercentileWander(StepsTo):
    """The {15, 50, 85}th percentiles of each unit of the last hidden layer, on the probe batch, over training."""

    LOOKS = 50

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._every = max(1, training.total_steps // self.LOOKS)
        self._seen: dict[str, list[Tensor]] = {network: [] for network in training.networks}

    def after_update(self) -> None:
        """See Measuring."""
        if self.training.steps_done % self._every:
            return
        levels = torch.tensor(LEVELS)
        for name, network in self.training.networks.items():
            *_, values = at_layers(network, self.training.probe_batch).values()
            self._seen[name].append(torch.quantile(values, levels, dim=0))

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return "network/wander": by how many of its bands (15 to 85 %) a unit's median moves, mean over units."""
        found = super().figures(recorded)
        for network, seen in self._seen.items():
            low, median, high = torch.stack(seen).unbind(dim=1)  # each (looks, units)
            band = (high - low).mean(dim=0).clamp(min=1e-6)
            found[f"{network}/wander"] = ((median.amax(dim=0) - median.amin(dim=0)) / band).mean().item()
            found[f"{network}/widening"] = (high - low)[-1].mean().item() / max((high - low)[0].mean().item(), 1e-6)
        return found
