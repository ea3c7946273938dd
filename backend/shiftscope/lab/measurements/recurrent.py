"""Gradient norms of a recurrent network, before they are clipped."""

from __future__ import annotations

import statistics

import torch

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.base import Measuring, Recorded
from shiftscope.lab.training.loop import StepResult, Training


class WholeGradient(Measuring):
    """Norm of the gradient over all parameters at each step."""

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._norms: dict[str, list[float]] = {network: [] for network in training.networks}

    def before_update(self, result: StepResult) -> None:
        """See Measuring."""
        del result
        for name, network in self.training.networks.items():
            gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
            self._norms[name].append(torch.nn.utils.get_total_norm(gradients).item())

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return the median and the largest norm, besides the last evaluation's figures."""
        del recorded
        found = self.final()
        for network, norms in self._norms.items():
            found[f"{network}/median_gradient"] = statistics.median(norms)
            found[f"{network}/largest_gradient"] = max(norms)
        return found
