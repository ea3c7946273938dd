"""Networks, built from their configuration."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from shiftscope import config
from shiftscope.lab.models import normalizations
from shiftscope.lab.models.initialization import initialize
from shiftscope.lab.models.recurrent import RowByRow

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def build(
    network: config.Network, variant: config.Variant, inputs: int, classes: int, image: tuple[int, int, int]
) -> nn.Module:
    """Build a network, (batch, inputs) -> (batch, classes); networks but the mlp take `inputs` for an `image`.

    `image` is its channels, rows and columns. The network consists of named blocks in forward order, the last of them
    "output". A hidden block has the children `linear` or `conv`, `norm` (unless there is none), `activation` and what
    follows it, in the order in which they are applied; the output block ends with `linear`. The bias of a linear map
    stays where batch normalization makes it redundant, so that networks that differ in their normalization alone have
    the same weights otherwise. Draws from torch's global random state.
    """
    match network:
        case config.Mlp():
            return _mlp(network, variant, inputs, classes)
        case config.Cnn():
            return _cnn(network, variant, classes, image)
        case config.Rnn():
            return _rnn(network, variant, classes, image)


def _mlp(network: config.Mlp, variant: config.Variant, inputs: int, classes: int) -> nn.Sequential:
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    features = inputs
    for number in range(1, network.depth + 1):
        block = OrderedDict(linear=_linear(network, features, network.width)) | _nonlinearity(network, variant)
        blocks[f"hidden {number}"] = nn.Sequential(block | _dropout(variant))
        features = network.width
    blocks["output"] = nn.Sequential(OrderedDict(linear=_linear(network, features, classes)))
    return nn.Sequential(blocks)


def _cnn(network: config.Cnn, variant: config.Variant, classes: int, image: tuple[int, int, int]) -> nn.Sequential:
    """Build blocks "conv 1" ... "conv N"; the first makes images of its flat inputs, max pooling comes last in some."""
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    channels = image[0]
    for number, size in enumerate(network.maps(image), start=1):
        block: OrderedDict[str, nn.Module] = OrderedDict()
        if number == 1:
            block["image"] = nn.Unflatten(1, image)
        convolution = nn.Conv2d(channels, network.channels, kernel_size=3, padding=1)
        initialize(convolution, network)
        block["conv"] = convolution
        block |= _nonlinearity(network, variant)
        if network.pools(number, size):
            block["pool"] = nn.MaxPool2d(2)
        blocks[f"conv {number}"] = nn.Sequential(block | _dropout(variant))
        channels = network.channels
    blocks["output"] = nn.Sequential(
        OrderedDict(mean=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), linear=_linear(network, channels, classes))
    )
    return nn.Sequential(blocks)


def _rnn(network: config.Rnn, variant: config.Variant, classes: int, image: tuple[int, int, int]) -> RowByRow:
    channels, rows, columns = image
    block = nn.Sequential(_dropout(variant) | OrderedDict(linear=_linear(network, network.width, classes)))
    linear = _linear(network, channels * columns + network.width, network.width)
    return RowByRow(image, linear, [_nonlinearity(network, variant) for _ in range(rows)], output=block)


def _nonlinearity(network: config.Network, variant: config.Variant) -> OrderedDict[str, nn.Module]:
    """Return `norm`, if any, and `activation`, in forward order."""
    activation = ACTIVATIONS[network.activation]()
    space = isinstance(network, config.Cnn)
    norm = normalizations.make(variant.normalization, network.channels, space=space)
    if norm is None:
        return OrderedDict(activation=activation)
    if normalizations.place(variant.normalization) == "before":
        return OrderedDict(norm=norm, activation=activation)
    return OrderedDict(activation=activation, norm=norm)


def _dropout(variant: config.Variant) -> OrderedDict[str, nn.Module]:
    return OrderedDict(dropout=nn.Dropout(variant.dropout)) if variant.dropout else OrderedDict()


def _linear(network: config.Network, inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    initialize(linear, network)
    return linear
