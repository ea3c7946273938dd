"""The real models that benchmarks/wild.py trains, and how."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import real_models
from torchvision_operators import import_torchvision

BATCHES = 4
"""Random batches that a training goes through again and again."""
VOCABULARY, TOKENS = 1000, 64

Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]
Inputs = Callable[[], tuple[Tensor, Tensor]]
Optimizers = Callable[..., torch.optim.Optimizer]


def classified(network: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(network(inputs), targets)


def next_tokens(network: nn.Module, ids: Tensor, _: Tensor) -> Tensor:
    logits = network(ids)[:, :-1]
    return functional.cross_entropy(logits.reshape(-1, VOCABULARY), ids[:, 1:].reshape(-1))


def own_loss(network: nn.Module, ids: Tensor, targets: Tensor) -> Tensor:
    """Return the loss that a model of transformers finds itself."""
    loss: Tensor = network(input_ids=ids, labels=targets).loss
    return loss


def images(batch: int, size: int = 64) -> Inputs:
    return lambda: (torch.randn(batch, 3, size, size), torch.randint(10, (batch,)))


def vectors(batch: int, size: int) -> Inputs:
    return lambda: (torch.randn(batch, size), torch.randint(10, (batch,)))


def texts(batch: int, *, classes: int = 0) -> Inputs:
    """Make sequences of random tokens; the targets are classes, or else the tokens themselves."""

    def make() -> tuple[Tensor, Tensor]:
        ids = torch.randint(VOCABULARY, (batch, TOKENS))
        return ids, torch.randint(classes, (batch,)) if classes else ids

    return make


def sgd(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)


def adamw(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(network.parameters(), lr=3e-4)


@dataclass(frozen=True)
class Source:
    """Where a model comes from: a library that may lack, or torch alone."""

    library: str
    make: Callable[[], nn.Module]
    loss: Loss


@dataclass(frozen=True)
class Model:
    """A model, its batches and how it is trained.

    Attributes:
        name: on the command line.
        about: what a step is.
        inputs: makes a batch.
        sources: the first whose library is installed makes the network.
        optimizer: makes the optimizer.
    """

    name: str
    about: str
    inputs: Inputs
    sources: Sequence[Source]
    optimizer: Optimizers = adamw

    @property
    def source(self) -> Source | None:
        """The source to be used; None where what it needs is not installed."""
        return next((source for source in self.sources if _installed(source.library)), None)


def _installed(library: str) -> bool:
    return find_spec(library) is not None


def timm(name: str, **options: Any) -> Source:  # noqa: ANN401  timm's own
    def make() -> nn.Module:
        import_torchvision()
        network: nn.Module = importlib.import_module("timm").create_model(name, num_classes=10, **options)
        return network

    return Source("timm", make, classified)


def transformers(model: str, config: str, **options: Any) -> Source:  # noqa: ANN401  transformers' own
    def make() -> nn.Module:
        if _installed("torchvision"):
            import_torchvision()
        library = importlib.import_module("transformers")
        network: nn.Module = getattr(library, model)(getattr(library, config)(vocab_size=VOCABULARY, **options))
        return network.train()

    return Source("transformers", make, own_loss)


def torch_alone(make: Callable[[], nn.Module], loss: Loss = classified) -> Source:
    return Source("torch", make, loss)


BERT = {"hidden_size": 192, "num_hidden_layers": 6, "num_attention_heads": 6, "intermediate_size": 768}
GPT2 = {"n_embd": 192, "n_layer": 6, "n_head": 6, "n_positions": TOKENS, "bos_token_id": 0, "eos_token_id": 0}
MODELS = (
    Model(
        "resnet18", "batch 32 of 3x64x64", images(32), [timm("resnet18"), torch_alone(real_models.ResNet)], sgd
    ),
    Model(
        "vit_tiny", "batch 16 of 3x64x64",
        images(16), [timm("vit_tiny_patch16_224", img_size=64), torch_alone(real_models.ViT)],
    ),
    Model(
        "vit_tiny_224", "batch 16 of 3x224x224",
        images(16, 224), [timm("vit_tiny_patch16_224"), torch_alone(lambda: real_models.ViT(224))],
    ),
    Model(
        "convnext_atto", "batch 16 of 3x64x64",
        images(16), [timm("convnext_atto"), torch_alone(real_models.ConvNext)],
    ),
    Model("mobilenetv3_small", "batch 32 of 3x64x64", images(32), [timm("mobilenetv3_small_100")], sgd),
    Model(
        "gpt2", "batch 8 of 64 tokens, 6 blocks of width 192", texts(8),
        [
            transformers("GPT2LMHeadModel", "GPT2Config", **GPT2),
            torch_alone(lambda: real_models.GPT(VOCABULARY, TOKENS), next_tokens),
        ],
    ),
    Model(
        "bert", "batch 8 of 64 tokens, 6 blocks of width 192",
        texts(8, classes=10), [transformers("BertForSequenceClassification", "BertConfig", num_labels=10, **BERT)],
    ),
    Model(
        "lstm", "batch 32 of 64 tokens, 2 layers of width 128",
        texts(32, classes=10), [torch_alone(lambda: real_models.LSTMClassifier(VOCABULARY))],
    ),
    Model("layers200", "batch 32, 200 layers of 64", vectors(32, 64), [torch_alone(real_models.deep_mlp)], sgd),
)  # fmt: skip


class Training:
    """A training, one step a call; the same each time that it is made."""

    def __init__(self, model: Model, source: Source) -> None:
        torch.manual_seed(0)
        self.batches = [model.inputs() for _ in range(BATCHES)]
        self.network = source.make()
        self.optimizer = model.optimizer(self.network)
        self.loss = source.loss
        self.done = 0

    def step(self) -> Tensor:
        """Do a step and return its loss."""
        inputs, targets = self.batches[self.done % BATCHES]
        self.done += 1
        self.optimizer.zero_grad()
        loss = self.loss(self.network, inputs, targets)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()
