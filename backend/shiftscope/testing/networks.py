"""Small networks of every kind, and the same ones written out in float64 with numpy."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Floats: TypeAlias = NDArray[np.float64]
Place = Literal["none", "before", "after"]

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


class Kind(NamedTuple):
    """A kind of network: mlp or cnn, where batch normalization stands (about the activation), and the activation."""

    form: Literal["mlp", "cnn"]
    norm: Place
    activation: str


_FORMS: tuple[Literal["mlp", "cnn"], ...] = ("mlp", "cnn")
_PLACES: tuple[Place, ...] = ("none", "before", "after")
KINDS = [Kind(form, norm, activation) for form in _FORMS for norm in _PLACES for activation in ACTIVATIONS]


def make(kind: Kind) -> nn.Sequential:
    """Build a network of a kind, always with the same weights; it has three outputs."""
    norm, place = kind.norm != "none", "after" if kind.norm == "after" else "before"
    if kind.form == "mlp":
        return mlp((6, 5, 4, 3), kind.activation, norm=norm, place=place)
    return cnn(kind.activation, norm=norm, place=place)


def batches(kind: Kind, count: int, size: int = 16) -> list[tuple[Tensor, Tensor]]:
    """Return inputs and targets for a network of that kind, always the same ones."""
    generator = torch.Generator().manual_seed(1)
    shape = (6,) if kind.form == "mlp" else (2, 6, 5)
    return [
        (torch.randn(size, *shape, generator=generator), torch.randint(3, (size,), generator=generator))
        for _ in range(count)
    ]


def mlp(
    sizes: tuple[int, ...] = (6, 5, 4, 3), activation: str = "relu", *, norm: bool = True, place: str = "before",
    inplace: bool = False, seed: int = 0,
) -> nn.Sequential:  # fmt: skip
    """Build blocks of a linear map, batch normalization and activation, and an output layer."""
    torch.manual_seed(seed)
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, outputs) in enumerate(pairwise(sizes[:-1]), start=1):
        children: OrderedDict[str, nn.Module] = OrderedDict(linear=nn.Linear(inputs, outputs))
        if norm and place == "before":
            children["norm"] = nn.BatchNorm1d(outputs)
        children["activation"] = nn.ReLU(inplace=True) if inplace else ACTIVATIONS[activation]()
        if norm and place == "after":
            children["norm"] = nn.BatchNorm1d(outputs)
        blocks[f"hidden {number}"] = nn.Sequential(children)
    blocks["output"] = nn.Sequential(OrderedDict(linear=nn.Linear(sizes[-2], sizes[-1])))
    return nn.Sequential(blocks)


def cnn(activation: str = "relu", *, norm: bool = True, place: str = "before") -> nn.Sequential:
    """Build two blocks of a convolution, batch normalization and activation, and an output layer."""
    torch.manual_seed(0)
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, outputs) in enumerate([(2, 4), (4, 3)], start=1):
        children: OrderedDict[str, nn.Module] = OrderedDict(conv=nn.Conv2d(inputs, outputs, 3, padding=1))
        children["activation"] = ACTIVATIONS[activation]()
        if norm:
            children["norm"] = nn.BatchNorm2d(outputs)
        if place == "before":
            children.move_to_end("activation")
        blocks[f"hidden {number}"] = nn.Sequential(children)
    blocks["flat"] = nn.Flatten()
    blocks["output"] = nn.Sequential(OrderedDict(linear=nn.Linear(3 * 6 * 5, 3)))
    return nn.Sequential(blocks)


def sites(network: nn.Module, inputs: Tensor) -> dict[str, dict[str, Floats]]:
    """Return {layer: {site: values}} of a forward pass in train mode.

    Besides the sites that are recorded, "norm_input" and "activated": what the normalization takes and the activation
    gives.
    """
    x: Floats = inputs.double().numpy()
    found: dict[str, dict[str, Floats]] = {}
    for name, block in network.named_children():
        if isinstance(block, nn.Flatten):
            x = x.reshape(len(x), -1)
            continue
        here: dict[str, Floats] = {}
        for module in block.children():
            if isinstance(module, nn.Linear | nn.Conv2d):
                x = here["linear_output"] = _linear(module, x)
            elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                here["norm_input"] = x
                here["normalized"], x = _normalize(module, x)
            else:
                here["pre_activation"] = x
                x = here["activated"] = _activate(module, x)
        here["output"] = x
        found[name] = here
    return found


def _linear(module: nn.Linear | nn.Conv2d, x: Floats) -> Floats:
    weight = _values(module.weight)
    bias = np.zeros(len(weight)) if module.bias is None else _values(module.bias)
    if isinstance(module, nn.Linear):
        plain: Floats = x @ weight.T + bias
        return plain
    n, _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((n, weight.shape[0], height, width))
    for dy in range(3):
        for dx in range(3):
            window = padded[:, :, dy : dy + height, dx : dx + width]
            out += np.einsum("nchw,oc->nohw", window, weight[:, :, dy, dx])
    return out + bias[None, :, None, None]


def _normalize(module: nn.BatchNorm1d | nn.BatchNorm2d, x: Floats) -> tuple[Floats, Floats]:
    axes = (0, *range(2, x.ndim))
    shape = [1, -1] + [1] * (x.ndim - 2)
    mean, variance = x.mean(axes).reshape(shape), x.var(axes).reshape(shape)
    normalized = (x - mean) / np.sqrt(variance + module.eps)
    gamma, beta = (_values(parameter).reshape(shape) for parameter in (module.weight, module.bias))
    return normalized, gamma * normalized + beta


def _activate(module: nn.Module, x: Floats) -> Floats:
    if isinstance(module, nn.ReLU):
        return np.maximum(x, 0)
    return np.tanh(x) if isinstance(module, nn.Tanh) else 1 / (1 + np.exp(-x))


def _values(tensor: Tensor) -> Floats:
    found: Floats = tensor.detach().double().numpy()
    return found
