"""Small networks, and the same ones written out in float64 with numpy."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import numpy as np
import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def mlp(sizes=(6, 5, 4, 3), activation="relu", norm=True, place="before", inplace=False, seed=0):
    torch.manual_seed(seed)
    blocks = OrderedDict()
    for number, (inputs, outputs) in enumerate(pairwise(sizes[:-1]), start=1):
        nonlinear = nn.ReLU(inplace=True) if inplace else ACTIVATIONS[activation]()
        children = OrderedDict(linear=nn.Linear(inputs, outputs))
        if norm and place == "before":
            children["norm"] = nn.BatchNorm1d(outputs)
        children["activation"] = nonlinear
        if norm and place == "after":
            children["norm"] = nn.BatchNorm1d(outputs)
        blocks[f"hidden {number}"] = nn.Sequential(children)
    blocks["output"] = nn.Sequential(OrderedDict(linear=nn.Linear(sizes[-2], sizes[-1])))
    return nn.Sequential(blocks)


def cnn(activation="relu", norm=True, seed=0, place="before"):
    torch.manual_seed(seed)
    blocks = OrderedDict()
    for number, (inputs, outputs) in enumerate([(2, 4), (4, 3)], start=1):
        children = OrderedDict(conv=nn.Conv2d(inputs, outputs, 3, padding=1))
        children["activation"] = ACTIVATIONS[activation]()
        if norm:
            children["norm"] = nn.BatchNorm2d(outputs)
        if place == "before":
            children.move_to_end("activation")
        blocks[f"hidden {number}"] = nn.Sequential(children)
    blocks["flat"] = nn.Flatten()
    blocks["output"] = nn.Sequential(OrderedDict(linear=nn.Linear(3 * 6 * 5, 3)))
    return nn.Sequential(blocks)


def _linear(module, x):
    weight = module.weight.detach().double().numpy()
    bias = module.bias.detach().double().numpy()
    if isinstance(module, nn.Linear):
        return x @ weight.T + bias
    n, _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((n, weight.shape[0], height, width))
    for dy in range(3):
        for dx in range(3):
            window = padded[:, :, dy : dy + height, dx : dx + width]
            out += np.einsum("nchw,oc->nohw", window, weight[:, :, dy, dx])
    return out + bias[None, :, None, None]


def _normalize(module, x):
    axes = (0, *range(2, x.ndim))
    shape = [1, -1] + [1] * (x.ndim - 2)
    mean, variance = x.mean(axes).reshape(shape), x.var(axes).reshape(shape)
    normalized = (x - mean) / np.sqrt(variance + module.eps)
    gamma, beta = (p.detach().double().numpy().reshape(shape) for p in (module.weight, module.bias))
    return normalized, gamma * normalized + beta


def _activate(module, x):
    if isinstance(module, nn.ReLU):
        return np.maximum(x, 0)
    return np.tanh(x) if isinstance(module, nn.Tanh) else 1 / (1 + np.exp(-x))


def sites(network, inputs):
    """Return {layer: {site: float64 array}} of a forward pass in train mode."""
    x = inputs.double().numpy()
    found = {}
    for name, block in network.named_children():
        if isinstance(block, nn.Flatten):
            x = x.reshape(len(x), -1)
            continue
        here = {}
        for module in block.children():
            if isinstance(module, nn.Linear | nn.Conv2d):
                x = _linear(module, x)
                here["linear_output"] = x
            elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                here["norm_input"] = x
                here["normalized"], x = _normalize(module, x)
            else:
                here["pre_activation"] = x
                x = here["activated"] = _activate(module, x)
        here["output"] = x
        found[name] = here
    return found
