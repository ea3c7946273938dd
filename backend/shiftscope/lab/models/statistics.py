"""Which statistics normalizations use: the running ones, those of the samples at hand, or those of a set of samples."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shiftscope.lab.models.noisy import NoisyBatchNorm1d, NoisyBatchNorm2d
from shiftscope.lab.models.whitening import BatchWhitening


@contextmanager
def evaluating(network: nn.Module, statistics: Literal["running", "batch"] = "running") -> Iterator[None]:
    """Put a network into eval mode, then each module back into the mode that it was in.

    With "batch", normalizations that keep running statistics take those of the batch that they see. Their running
    statistics are the same afterwards, and noisy batch normalization makes no noise.
    """
    modes = [(module, module.training) for module in network.modules()]
    kept = {name: buffer.clone() for name, buffer in network.named_buffers()} if statistics == "batch" else {}
    network.eval()
    if statistics == "batch":
        for layer in running_layers(network):
            layer.train()
            _set_noise(layer, on=False)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
            _set_noise(module, on=True)
        with torch.no_grad():
            for name, buffer in kept.items():
                network.get_buffer(name).copy_(buffer)


def with_statistics_of(network: nn.Module, inputs: Tensor) -> nn.Module:
    """Copy a network, in eval mode, with running statistics that are those of `inputs` (N, F), taken as one batch.

    With the whole training set these are the population statistics of Ioffe & Szegedy (2015, algorithm 2), exactly;
    with the last batch of a training they are what a momentum of 1 leaves behind.
    """
    copied = copy.deepcopy(network).eval()
    layers = running_layers(copied)
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.train()
        layer.momentum = 1.0
        _set_noise(layer, on=False)
    with torch.no_grad():
        copied(inputs)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.eval()
        layer.momentum = momentum
        _set_noise(layer, on=True)
    return copied


def running_layers(network: nn.Module) -> list[_BatchNorm | BatchWhitening]:
    """Return the normalizations that keep running statistics, in order."""
    return [
        module
        for module in network.modules()
        if isinstance(module, BatchWhitening) or (isinstance(module, _BatchNorm) and module.track_running_stats)
    ]


def _set_noise(module: nn.Module, *, on: bool) -> None:
    if isinstance(module, (NoisyBatchNorm1d, NoisyBatchNorm2d)):
        module.noise = on
