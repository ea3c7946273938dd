"""Batch normalization, channel by channel: what it learned, what it measured, what it remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.layers import Layer

_SOURCE = "Ioffe & Szegedy 2015"
_CHANNELS = "(channels,)"
_STREAM = "channels"
"""Vectors by channel have a stream of their own: on wide networks fewer of their frames are kept."""

GAMMA = Quantity("gamma", "1", "the learned scale", shape=_CHANNELS, source=_SOURCE)
BETA = Quantity("beta", "1", "the learned shift", shape=_CHANNELS, source=_SOURCE)
BATCH_MEAN = Quantity(
    "batch_mean", "1", "mu_B: mean of the normalization's input over the batch (and positions)", _CHANNELS, "", _SOURCE
)
BATCH_VARIANCE = Quantity(
    "batch_variance",
    "1",
    "var_B: the biased variance of the same values, which normalizes them",
    _CHANNELS,
    "",
    _SOURCE,
)
RUNNING_MEAN = Quantity(
    "running_mean", "1", "(1 - momentum) * old + momentum * batch mean, the recorded batch included", _CHANNELS,
)  # fmt: skip
RUNNING_VARIANCE = Quantity(
    "running_variance", "1", "the same of the batch's unbiased variance, as PyTorch keeps it", _CHANNELS
)
RUNNING_GAP = Quantity("running_gap", "std", "(running_mean - batch_mean) / sqrt(batch_variance + eps)", _CHANNELS)


def _norms(setup: ProbeSetup) -> Iterator[tuple[Layer, nn.Module]]:
    for layer in setup.network.layers:
        if layer.normalization is not None:
            yield layer, layer.normalization.module


def _affine(setup: ProbeSetup) -> None:
    for layer, norm in _norms(setup):
        for quantity, own in ((GAMMA, "weight"), (BETA, "bias")):
            parameter = getattr(norm, own, None)
            if isinstance(parameter, Tensor):
                _copy(setup, layer, quantity, norm, own)


def _statistics(setup: ProbeSetup) -> None:
    for layer, norm in _norms(setup):
        site = layer.norm_input
        if not isinstance(norm, _BatchNorm) or site is None:
            continue
        channels = norm.num_features
        batch = setup.add_all((BATCH_MEAN, BATCH_VARIANCE), layer.name, shape=(channels,))
        program = setup.program
        index = program.request(site, Statistic.CHANNEL_MOMENTS, channels=channels)
        program.add(Operation.WRITE_VECTOR, index, batch, argument=2 * channels)
        if norm.running_mean is not None:
            running = _copy(setup, layer, RUNNING_MEAN, norm, "running_mean")
            _copy(setup, layer, RUNNING_VARIANCE, norm, "running_var")
            gap = setup.add(RUNNING_GAP, layer.name, shape=(channels,))
            program.add(Operation.GAP, running, gap, other=batch, constant=norm.eps)


def _copy(setup: ProbeSetup, layer: Layer, quantity: Quantity, norm: nn.Module, own: str) -> int:
    """Record a vector that the module holds; return its index."""
    # Looked up where the module keeps it: an attribute of a module is slow to get.
    held: Mapping[str, Any] = norm._parameters if own in norm._parameters else norm._buffers
    size = held[own].numel()
    place = setup.add(quantity, layer.name, shape=(size,))
    index = setup.program.vector(held, own)
    setup.program.add(Operation.COPY, index, place)
    return index


AFFINE = Probe(
    "affine",
    "gamma and beta of each normalization",
    (GAMMA, BETA),
    passing=_affine,
    stream=_STREAM,
    tier=Tier.ESSENTIAL,
)
BATCH_STATISTICS = Probe(
    "batch_statistics",
    "batch and running statistics of batch normalization, per channel",
    (BATCH_MEAN, BATCH_VARIANCE, RUNNING_MEAN, RUNNING_VARIANCE, RUNNING_GAP),
    passing=_statistics,
    stream=_STREAM,
    tier=Tier.STANDARD,
)
