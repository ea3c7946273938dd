"""The normalization layers that a variant can name."""

from __future__ import annotations

from torch import nn

from shiftscope import config
from shiftscope.lab.models.faded import FadedBatchNorm1d, FadedBatchNorm2d, JoinedBatchNorm1d, JoinedBatchNorm2d
from shiftscope.lab.models.noisy import NoisyBatchNorm1d, NoisyBatchNorm2d
from shiftscope.lab.models.whitening import BatchWhitening


def make(normalization: config.Normalization, channels: int, *, space: bool = False) -> nn.Module | None:
    """Return the layer that normalizes (batch, channels), or with `space` (batch, channels, rows, columns).

    Batch, noisy batch and whitening use their running statistics in eval mode; layer, group and instance
    normalization do the same in both modes. Returns None for the plain network.
    """
    match normalization:
        case config.NoNormalization():
            return None
        case config.BatchNormalization(eps=eps, momentum=momentum, affine=affine, running=running, sync=sync):
            own = FadedBatchNorm2d if space else FadedBatchNorm1d
            joined = JoinedBatchNorm2d if space else JoinedBatchNorm1d
            return (joined if sync else own)(channels, eps, None if running == "cumulative" else momentum, affine)
        case config.NoisyBatchNormalization():
            noisy = NoisyBatchNorm2d if space else NoisyBatchNorm1d
            return noisy(normalization, channels)
        case config.Whitening():
            return BatchWhitening(normalization, channels)
        case _:
            return _of_each_sample(normalization, channels, space=space)


def _of_each_sample(
    normalization: config.LayerNormalization | config.GroupNormalization | config.InstanceNormalization,
    channels: int,
    *,
    space: bool,
) -> nn.Module:
    eps, affine = normalization.eps, normalization.affine
    match normalization:
        case config.LayerNormalization() if not space:
            return nn.LayerNorm(channels, eps, elementwise_affine=affine)
        case config.LayerNormalization():
            # over channels and space, with a gamma and a beta per channel
            return nn.GroupNorm(1, channels, eps, affine)
        case config.GroupNormalization(groups=groups):
            return nn.GroupNorm(groups, channels, eps, affine)
        case config.InstanceNormalization():
            return nn.InstanceNorm2d(channels, eps, affine=affine)


def place(normalization: config.Normalization) -> str:
    """Return where the layer stands: "before" or "after" the activation function."""
    return "before" if isinstance(normalization, config.NoNormalization) else normalization.place
