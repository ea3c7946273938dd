"""Batch normalization, channel by channel: what it learned, what it measured, what it remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shiftscope.engine.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.layers import Layer

_SOURCE = "Ioffe & Szegedy 2015"
_CHANNELS = "(channels,)"

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


def _norms(network: NetworkPlan) -> Iterator[tuple[Layer, nn.Module]]:
    for layer in network.layers:
        if layer.normalization is not None:
            yield layer, layer.normalization.module


def _lay_affine(plan: Plan, network: NetworkPlan) -> None:
    for layer, norm in _norms(network):
        for quantity, own in ((GAMMA, "weight"), (BETA, "bias")):
            parameter = getattr(norm, own, None)
            if isinstance(parameter, Tensor):
                _copy(plan, network, layer, quantity, norm, own)


def _lay_statistics(plan: Plan, network: NetworkPlan) -> None:
    for layer, norm in _norms(network):
        site = layer.norm_input
        if not isinstance(norm, _BatchNorm) or site is None:
            continue
        channels = norm.num_features
        batch, _ = (
            plan.add(Stream.CHANNELS, quantity, Spot(network.name, layer.name), shape=(channels,))
            for quantity in (BATCH_MEAN, BATCH_VARIANCE)
        )
        program = network.program
        index = program.see(site, Statistic.CHANNEL_MOMENTS, channels=channels)
        program.add(Operation.WRITE_VECTOR, index, batch, argument=2 * channels)
        if norm.running_mean is not None:
            running = _copy(plan, network, layer, RUNNING_MEAN, norm, "running_mean")
            _copy(plan, network, layer, RUNNING_VARIANCE, norm, "running_var")
            gap = plan.add(Stream.CHANNELS, RUNNING_GAP, Spot(network.name, layer.name), shape=(channels,))
            program.add(Operation.GAP, running, gap, other=batch, constant=norm.eps)


def _copy(plan: Plan, network: NetworkPlan, layer: Layer, quantity: Quantity, norm: nn.Module, own: str) -> int:
    """Record a vector that the module holds; return its index."""
    # Looked up where the module keeps it: an attribute of a module is slow to get.
    held: Mapping[str, Any] = norm._parameters if own in norm._parameters else norm._buffers
    size = held[own].numel()
    place = plan.add(Stream.CHANNELS, quantity, Spot(network.name, layer.name), shape=(size,))
    index = network.program.vector(held, own)
    network.program.add(Operation.COPY, index, place)
    return index


AFFINE = Probe("affine", Tier.ESSENTIAL, "gamma and beta of each normalization", (GAMMA, BETA), _lay_affine)
BATCH_STATISTICS = Probe(
    "batch_statistics",
    Tier.STANDARD,
    "batch and running statistics of batch normalization, per channel",
    (BATCH_MEAN, BATCH_VARIANCE, RUNNING_MEAN, RUNNING_VARIANCE, RUNNING_GAP),
    _lay_statistics,
)
