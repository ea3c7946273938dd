"""Santurkar et al. 2018: gradient shift, and the loss along the gradient."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.base import Measuring, Recorded
from shiftscope.lab.training.loop import StepResult, Training

STEPS = (0.5, 1.0, 2.0, 4.0)
"""Lengths of the steps along the gradient, in learning rates."""
_RANDOM = 22

Gradients = dict[str, Tensor]


class Landscape(Measuring):
    """Gradient shift of each layer at some steps, and loss variation, predictiveness and smoothness there.

    On copies, and with the same noise in each pass where a layer draws some.
    """

    LOOKS = 20

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._every = max(1, training.total_steps // self.LOOKS)
        self._before: dict[str, nn.Module] = {}
        self._batch: StepResult | None = None
        self._seen: dict[str, list[dict[str, float]]] = {network: [] for network in training.networks}

    def before_update(self, result: StepResult) -> None:
        """See Measuring."""
        if self.training.steps_done % self._every == 0:
            self._batch = result
            self._before = {network: self.copy(network) for network in self.training.networks}

    def after_update(self) -> None:
        """See Measuring."""
        batch = self._batch
        if batch is None:
            return
        self._batch = None
        with torch.random.fork_rng(devices=[]):
            for name, before in self._before.items():
                shift = gradient_shift(before, self.training.networks[name], batch)
                self._seen[name].append(shift | along_gradient(before, batch, self.training.learning_rate))

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return the mean of each measure over all looks, and over the first and the last quarter of them."""
        del recorded
        found = self.final()
        for network, looks in self._seen.items():
            quarter = max(1, len(looks) // 4)
            for name in looks[0]:
                values = [look[name] for look in looks]
                found[f"{network}/{name}"] = sum(values) / len(values)
                found[f"{network}/{name}/early"] = sum(values[:quarter]) / quarter
                found[f"{network}/{name}/late"] = sum(values[-quarter:]) / quarter
        return found


def gradients(network: nn.Module, batch: StepResult) -> tuple[float, Gradients]:
    """Return the loss of a batch in train mode, and its gradient by parameter; noise is the same in each call."""
    torch.default_generator.manual_seed(_RANDOM)
    parameters = dict(network.named_parameters())
    loss = functional.cross_entropy(network(batch.inputs), batch.labels)
    return loss.item(), dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True))


def gradient_shift(before: nn.Module, after: nn.Module, batch: StepResult) -> dict[str, float]:
    """Return ||G - G'|| and cos(G, G') of each layer's weight, means over the layers but the first.

    G is the gradient at the parameters before the update; for G' those of all earlier layers are updated. The first
    layer has none before it: its shift is 0 by definition.
    """
    _, old = gradients(copy.deepcopy(before), batch)
    updated = after.state_dict()
    mixed = copy.deepcopy(before)
    distances, cosines = [], []
    names = [name for name, _ in before.named_children()]
    for earlier, layer in pairwise(names):
        own = {name: value for name, value in updated.items() if name.startswith(f"{earlier}.")}
        mixed.load_state_dict(own, strict=False)
        _, new = gradients(copy.deepcopy(mixed), batch)
        one, other = old[f"{layer}.linear.weight"].flatten(), new[f"{layer}.linear.weight"].flatten()
        distances.append((one - other).norm().item())
        cosines.append(functional.cosine_similarity(one, other, dim=0).item())
    return {"gradient_shift": sum(distances) / len(distances), "cosine": sum(cosines) / len(cosines)}


def along_gradient(network: nn.Module, batch: StepResult, learning_rate: float) -> dict[str, float]:
    """Return the range of the loss over steps w - eta g, the gradient's largest change, and its change over the way."""
    loss, start = gradients(copy.deepcopy(network), batch)
    length = _norm(start)
    losses, changes, ratios = [loss], [], []
    for step in STEPS:
        eta = step * learning_rate
        moved = copy.deepcopy(network)
        with torch.no_grad():
            for name, parameter in moved.named_parameters():
                parameter.sub_(eta * start[name])
        there, gradient = gradients(moved, batch)
        change = _norm({name: value - start[name] for name, value in gradient.items()})
        losses.append(there)
        changes.append(change)
        ratios.append(change / max(eta * length, 1e-12))
    return {
        "variation": max(losses) - min(losses),
        "predictiveness": max(changes),
        "smoothness": max(ratios),
    }


def _norm(values: Mapping[str, Tensor]) -> float:
    return torch.nn.utils.get_total_norm(list(values.values())).item()
