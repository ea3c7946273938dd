"""What the layers of a network make of given samples, with the samples' own statistics."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


def linear_outputs(network: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Return what each hidden layer's linear map makes of `inputs`, (N, units): before any normalization.

    The network is an mlp of this program; it stays as it is, and normalizations use the statistics of `inputs`.
    """
    values, found = inputs, {}
    with torch.no_grad():
        for name, block in copy.deepcopy(network).train().named_children():
            for part, module in block.named_children():
                values = module(values)
                if part == "linear" and name != "output":
                    found[name] = values
    return found


def normalized(network: nn.Module, inputs: Tensor, layer: str) -> Tensor:
    """Return what the normalization of a layer makes of `inputs`, (N, units), with their own statistics."""
    values = inputs
    with torch.no_grad():
        for name, block in copy.deepcopy(network).train().named_children():
            for part, module in block.named_children():
                values = torch.as_tensor(module(values))
                if (name, part) == (layer, "norm"):
                    return values
    raise KeyError(f"{layer} has no normalization")
