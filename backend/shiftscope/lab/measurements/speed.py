"""How soon a network gets somewhere, in steps and in seconds."""

from __future__ import annotations

import statistics
import time

import torch
from torch import nn
from torch.nn import functional

from shiftscope.lab.measurements.base import Measuring, Recorded
from shiftscope.lab.training import optimizers

ACCURACY = 0.9
_REPEATS = 200


class StepsTo(Measuring):
    """Steps to a test accuracy of 0.9."""

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return "network/steps" besides the last evaluation's figures."""
        del recorded
        return self.final() | {f"{network}/steps": steps for network, steps in self.steps_to(ACCURACY).items()}


class Speed(StepsTo):
    """Steps and seconds to a test accuracy of 0.9."""

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return "network/step_seconds" and its product with the steps, besides the figures of StepsTo."""
        found = super().figures(recorded)
        for network, seconds in self._step_seconds().items():
            found[f"{network}/step_seconds"] = seconds
            found[f"{network}/seconds"] = found[f"{network}/steps"] * seconds
        return found

    def _step_seconds(self) -> dict[str, float]:
        """Return the median time of a training step of each network alone, measured in turns on copies."""
        inputs = self.samples.train_inputs[: self.config.batch_size]
        labels = self.samples.train_labels[: self.config.batch_size]
        copies = {name: self.copy(name) for name in self.training.networks}
        made = {name: optimizers.make(self.config.optimizer, copy.parameters()) for name, copy in copies.items()}
        times: dict[str, list[float]] = {name: [] for name in copies}
        with torch.random.fork_rng(devices=[]):
            for _ in range(_REPEATS):
                for name, copy in copies.items():
                    started = time.perf_counter()
                    _step(copy, made[name], inputs, labels)
                    times[name].append(time.perf_counter() - started)
        return {name: statistics.median(values) for name, values in times.items()}


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, inputs: torch.Tensor, labels: torch.Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(functional.cross_entropy(network(inputs), labels))
    optimizer.step()
