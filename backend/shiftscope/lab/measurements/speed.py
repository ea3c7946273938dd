"""How long a training step takes."""

from __future__ import annotations

import statistics
import time

import torch
from torch import nn
from torch.nn import functional

from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.training import optimizers

_REPEATS = 200


class StepSeconds(Measurement):
    """What a training step costs."""

    def figures(self) -> dict[str, float]:
        """Return "network/step_seconds"."""
        return {f"{network}/step_seconds": seconds for network, seconds in self._step_seconds().items()}

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
