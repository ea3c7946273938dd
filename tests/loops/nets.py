"""The small networks that the loops train, their batches, and what passes in them computed apart."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.loops.harness import Run

FEATURES, HIDDEN, CLASSES = 4, 6, 3


class Mlp(nn.Module):
    """Two layers, called `first` and `second`."""

    def __init__(self, features: int = FEATURES, hidden: int = HIDDEN, classes: int = CLASSES) -> None:
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.act = nn.Tanh()
        self.second = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.act(self.first(x)))


class Normed(nn.Module):
    """With batch normalization: the layer is called `block`, and then there is a `head`."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU())
        self.head = nn.Linear(HIDDEN, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(x))


def batch(seed: int, size: int = 8, features: int = FEATURES, mean: float = 0.0) -> tuple[Tensor, Tensor]:
    """Return inputs and labels; no random state is touched."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(size, features, generator=generator) + mean
    return x, torch.randint(CLASSES, (size,), generator=generator)


def passing(run: Run, step: int, net: nn.Module, x: Tensor, **more: Any) -> None:
    """Declare what passes an Mlp's layers for these inputs, computed without it."""
    with torch.no_grad():
        hidden = F.linear(x, net.first.weight, net.first.bias)
        run.site(step, "first", "pre_activation", hidden, **more)
        run.site(step, "first", "output", torch.tanh(hidden), **more)
        run.site(step, "second", "output", F.linear(torch.tanh(hidden), net.second.weight, net.second.bias), **more)


def mlp_step(run: Run, step: int, net: nn.Module, optimizer: Any, **more: Any) -> Tensor:
    """Train an Mlp for one step in the plainest way, and declare what passes; return the loss."""
    x, y = batch(step)
    passing(run, step, net, x, **more)
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    run.grads(step, net, "first", "second", **more)
    optimizer.step()
    run.keep(loss)
    return loss


def sgd(net: nn.Module, lr: float = 0.1, **more: Any) -> torch.optim.Optimizer:
    """Return the usual optimizer."""
    return torch.optim.SGD(net.parameters(), lr=lr, **more)
