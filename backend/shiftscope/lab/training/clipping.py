"""Gradient clipping."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from shiftscope import config


def clip(clipping: config.Clipping, parameters: Iterable[nn.Parameter]) -> None:
    """Change the gradients in place as the config says.

    Gradients that are not finite stay so: NaN is cut to no limit, and a norm that is not finite makes all NaN or 0.
    """
    match clipping:
        case config.NoClipping():
            return
        case config.ClipByValue(limit=limit):
            nn.utils.clip_grad_value_(parameters, limit)
        case config.ClipByNorm(limit=limit):
            nn.utils.clip_grad_norm_(parameters, limit)
