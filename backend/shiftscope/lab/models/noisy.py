"""Batch normalization with noise after it, which brings internal covariate shift back on purpose."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from shiftscope.config import NoisyBatchNormalization
from shiftscope.lab.models.faded import _FadedBatchNorm


class _NoisyBatchNorm(_FadedBatchNorm):
    """Batch normalization, then s * z + m (Santurkar et al. 2018, algorithm 1).

    At each step each unit draws mu ~ U(-mean, mean) and sigma ~ U(1, 1 + scale); each sample of it then draws
    m ~ U(mu - jitter, mu + jitter) and s ~ N(sigma, jitter). With the defaults .5, .25 and .1 these are the paper's.
    To the gradient the noise is constant. In eval mode there is none: the layer is then batch normalization with its
    running statistics; `noise = False` silences it in train mode too. Draws from torch's global random state.
    """

    def __init__(self, options: NoisyBatchNormalization, channels: int) -> None:
        super().__init__(channels, options.eps, options.momentum, options.affine)
        self.noise = True
        self.mean, self.scale, self.jitter = options.mean, options.scale, options.jitter

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name that torch gives it
        """(batch, channels, ...) -> the same."""
        z = super().forward(input)
        if not (self.training and self.noise):
            return z
        unit = (1, *z.shape[1:])
        mu = torch.empty(unit, dtype=z.dtype, device=z.device).uniform_(-self.mean, self.mean)
        sigma = torch.empty(unit, dtype=z.dtype, device=z.device).uniform_(1, 1 + self.scale)
        m = mu + torch.empty_like(z).uniform_(-self.jitter, self.jitter)
        s = sigma + self.jitter * torch.randn_like(z)
        return s * z + m


class NoisyBatchNorm1d(_NoisyBatchNorm, nn.BatchNorm1d):
    """Noisy batch normalization of (batch, channels)."""


class NoisyBatchNorm2d(_NoisyBatchNorm, nn.BatchNorm2d):
    """Noisy batch normalization of (batch, channels, rows, columns); each place of a channel is a unit of its own."""
