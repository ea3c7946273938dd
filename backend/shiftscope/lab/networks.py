"""Networks, built from their configuration."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from shiftscope import config
from shiftscope.lab import normalizations

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def build(network: config.Mlp, normalization: config.Normalization, inputs: int, classes: int) -> nn.Module:
    """Build a multilayer perceptron: blocks "hidden 1" ... "hidden N" and "output".

    It takes (batch, `inputs`) to (batch, `classes`). A hidden block has the children `linear`, `norm` (unless there is
    none) and `activation`, in the order in which they are applied; the output block has `linear` alone. The bias of a
    linear map stays where batch normalization makes it redundant, so that networks that differ in their normalization
    alone have the same weights otherwise. Draws from torch's global random state.
    """
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    features = inputs
    for number in range(1, network.depth + 1):
        blocks[f"hidden {number}"] = _hidden(network, normalization, features)
        features = network.width
    blocks["output"] = nn.Sequential(OrderedDict(linear=_linear(network, features, classes)))
    return nn.Sequential(blocks)


def _hidden(network: config.Mlp, normalization: config.Normalization, inputs: int) -> nn.Sequential:
    block: OrderedDict[str, nn.Module] = OrderedDict(
        linear=_linear(network, inputs, network.width), activation=_ACTIVATIONS[network.activation]()
    )
    norm = normalizations.make(normalization, network.width)
    if norm is not None:
        block["norm"] = norm
        if normalizations.place(normalization) == "before":
            block.move_to_end("activation")
    return nn.Sequential(block)


def _linear(network: config.Mlp, inputs: int, outputs: int) -> nn.Linear:
    """Make a linear map: Xavier's weights with gain 1 (Glorot & Bengio 2010), He's for ReLU (He et al. 2015)."""
    linear = nn.Linear(inputs, outputs)
    match network.init:
        case "default":
            return linear
        case "xavier_normal":
            nn.init.xavier_normal_(linear.weight)
        case "xavier_uniform":
            nn.init.xavier_uniform_(linear.weight)
        case "he_normal":
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        case "he_uniform":
            nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu")
    nn.init.zeros_(linear.bias)
    return linear
