"""The networks that measuring is measured on, and their plain training loops."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

SAMPLES = 4096
"""Random samples that batches are drawn from, so that a loop fetches its batch as a real one does."""


@dataclass(frozen=True)
class Workload:
    """A network, its inputs and how it is trained.

    Attributes:
        name: W1, W2 or W3.
        about: in words.
        make: builds the network.
        shape: of one input.
        batch: samples a step.
        block: steps that are timed together.
    """

    name: str
    about: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    batch: int
    block: int


@dataclass
class Loop:
    """A training loop, one step a call."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    inputs: Tensor
    targets: Tensor
    batch: int
    done: int = 0

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Fetch the next batch."""
        start = self.done * self.batch % (len(self.inputs) - self.batch + 1)
        self.done += 1
        chosen = slice(start, start + self.batch)
        return self.inputs[chosen], self.targets[chosen]

    def backward(self) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Do a step up to its update: return the loss and the batch."""
        batch = self.next_batch()
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.network(batch[0]), batch[1])
        loss.backward()  # type: ignore[no-untyped-call]
        return loss, batch

    def step(self) -> None:
        """Do a whole step; the loss, and with it the graph, lives to its end, as it does in a loop that looks at it."""
        loss, _ = self.backward()
        self.optimizer.step()
        del loss


def start(workload: Workload) -> Loop:
    """Make a network and what it is trained with; the same each time."""
    torch.manual_seed(0)
    inputs = torch.randn(SAMPLES if workload.name != "W3" else 4 * workload.batch, *workload.shape)
    targets = torch.randint(10, (len(inputs),))
    network = workload.make()
    return Loop(network, torch.optim.SGD(network.parameters(), lr=0.05), inputs, targets, workload.batch)


def _mlp(sizes: list[int], activation: type[nn.Module]) -> nn.Module:
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        blocks[f"hidden {number}"] = nn.Sequential(
            OrderedDict(linear=nn.Linear(inputs, outputs), norm=nn.BatchNorm1d(outputs), activation=activation())
        )
    blocks["output"] = nn.Sequential(OrderedDict(linear=nn.Linear(sizes[-1], 10)))
    return nn.Sequential(blocks)


def _vgg() -> nn.Module:
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for number, (width, pool) in enumerate([(64, 0), (64, 1), (128, 0), (128, 1), (256, 0), (256, 1)], start=1):
        parts: OrderedDict[str, nn.Module] = OrderedDict(
            conv=nn.Conv2d(channels, width, 3, padding=1), norm=nn.BatchNorm2d(width), activation=nn.ReLU()
        )
        if pool:
            parts["pool"] = nn.MaxPool2d(2)
        blocks[f"conv {number}"] = nn.Sequential(parts)
        channels = width
    blocks["output"] = nn.Sequential(OrderedDict(flatten=nn.Flatten(), linear=nn.Linear(256 * 16, 10)))
    return nn.Sequential(blocks)


WORKLOADS = (
    Workload(
        "W1",
        "784-100-100-100-10 sigmoid + BN, batch 60",
        lambda: _mlp([784, 100, 100, 100], nn.Sigmoid),
        (784,),
        60,
        50,
    ),
    Workload(
        "W2",
        "784-(256 x 8)-10 relu + BN, batch 128",
        lambda: _mlp([784] + [256] * 8, nn.ReLU),
        (784,),
        128,
        8,
    ),
    Workload("W3", "6-conv VGG-like + BN on 3x32x32, batch 128", _vgg, (3, 32, 32), 128, 1),
)
