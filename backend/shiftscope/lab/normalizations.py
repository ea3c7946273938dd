"""The normalization layers that a variant can name."""

from __future__ import annotations

from torch import nn

from shiftscope import config


def make(normalization: config.Normalization, features: int) -> nn.Module | None:
    """Return the layer that normalizes an input of shape (batch, `features`), or None for the plain network."""
    match normalization:
        case config.NoNormalization():
            return None
        case config.BatchNormalization(eps=eps, momentum=momentum, affine=affine):
            return nn.BatchNorm1d(features, eps=eps, momentum=momentum, affine=affine)


def place(normalization: config.Normalization) -> str:
    """Return where the layer stands: "before" or "after" the activation function."""
    return "before" if isinstance(normalization, config.NoNormalization) else normalization.place
