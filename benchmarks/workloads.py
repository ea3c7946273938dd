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
        name: W1, W2, W3 or GPT.
        about: in words.
        make: builds the network.
        shape: of one input.
        batch: samples a step.
        block: steps that are timed together.
        words: how many there are, where inputs are words and targets the next ones.
    """

    name: str
    about: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    batch: int
    block: int
    words: int = 0


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


def start(workload: Workload, device: str = "cpu") -> Loop:
    """Make a network and what it is trained with; the same each time."""
    torch.manual_seed(0)
    samples = SAMPLES if workload.name in {"W1", "W2"} else 4 * workload.batch
    if workload.words:
        inputs = torch.randint(workload.words, (samples, *workload.shape), device=device)
        targets = torch.randint(workload.words, (samples, *workload.shape), device=device)
    else:
        inputs = torch.randn(samples, *workload.shape, device=device)
        targets = torch.randint(10, (samples,), device=device)
    network = workload.make().to(device)
    return Loop(network, torch.optim.SGD(network.parameters(), lr=0.05), inputs, targets, workload.batch)


def mlp(sizes: list[int], activation: type[nn.Module]) -> nn.Module:
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


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return what each position attends to, shape (batch, length, width)."""
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        result: Tensor = self.proj(attended.transpose(1, 2).reshape(batch, length, width))
        return result


class Block(nn.Module):
    """A block of a transformer, its normalizations first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return what is added up."""
        x = x + self.attn(self.ln_1(x))
        result: Tensor = x + self.mlp(self.ln_2(x))
        return result


class Transformer(nn.Module):
    """A language model of the shape of GPT-2 small."""

    def __init__(self, words: int, length: int, width: int = 768, blocks: int = 12, heads: int = 12) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(length, width)
        self.h = nn.Sequential(*(Block(width, heads) for _ in range(blocks)))
        self.ln_f, self.lm_head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        """Return logits, shape (batch, words, length)."""
        places = torch.arange(words.shape[1], device=words.device)
        result: Tensor = self.lm_head(self.ln_f(self.h(self.wte(words) + self.wpe(places)))).transpose(1, 2)
        return result


WORKLOADS = (
    Workload(
        "W1",
        "784-100-100-100-10 sigmoid + BN, batch 60",
        lambda: mlp([784, 100, 100, 100], nn.Sigmoid),
        (784,),
        60,
        50,
    ),
    Workload(
        "W2",
        "784-(256 x 8)-10 relu + BN, batch 128",
        lambda: mlp([784] + [256] * 8, nn.ReLU),
        (784,),
        128,
        8,
    ),
    Workload("W3", "6-conv VGG-like + BN on 3x32x32, batch 128", _vgg, (3, 32, 32), 128, 1),
)

_WORDS, _LENGTH = 50257, 128
GPT = Workload(
    "GPT",
    "a transformer of GPT-2 small's shape, 12 x 768, 8 sequences of 128",
    lambda: Transformer(_WORDS, _LENGTH),
    (_LENGTH,),
    8,
    2,
    _WORDS,
)
ON_DEVICES = (*WORKLOADS[1:], GPT)
"""Those that devices are for."""
