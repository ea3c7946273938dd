"""Batch normalization that can be faded out, and be followed by noise, while its network trains."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shiftscope.lab.models.joined import Group, _JoinedBatchNorm
from shiftscope.lab.training import seeds


class Fader:
    """What is done to the batch normalizations of one network; they share it, and so do copies that study them.

    Noise follows from seed, step and layer alone: it takes from no random stream, and a step that is done again, on a
    copy or after a checkpoint, has the same.

    Attributes:
        strength: a in (1 - a) x + a BN(x).
        noise: standard deviation of what is added to that in train mode.
        step: that is under way.
    """

    def __init__(self, seed: int) -> None:
        self.strength, self.noise, self.step = 1.0, 0.0, 0
        self._seed = seed

    def __deepcopy__(self, memo: dict[int, Any]) -> Fader:
        return self

    @property
    def neutral(self) -> bool:
        """Whether batch normalization is what it is anywhere else."""
        return self.strength == 1 and self.noise == 0

    def drawn(self, like: Tensor, layer: int) -> Tensor:
        """Return this step's noise for a layer."""
        generator = seeds.generator(self._seed, seeds.Stream.NOISE, layer, self.step)
        return self.noise * torch.randn(like.shape, generator=generator, dtype=like.dtype)


class _FadedBatchNorm(_BatchNorm):
    """Batch normalization, until a fader does something to it.

    Its running statistics go on whatever the strength is. At strength 0 the output is the input itself.
    """

    fader: Fader | None = None
    group: Group | None = None
    number = 0

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name that torch gives it
        """(batch, channels, ...) -> the same."""
        if self.group is not None and self.group.in_step:
            self.group.observe(self.number, input)
        fader = self.fader
        if fader is None or fader.neutral:
            return super().forward(input)
        output = self._faded(input, fader.strength)
        return output + fader.drawn(output, self.number) if self.training and fader.noise else output

    def _faded(self, x: Tensor, strength: float) -> Tensor:
        if strength == 0 and self.group is None:  # several processes wait for a gradient of each parameter
            with torch.no_grad():
                super().forward(x)
            return x
        z = super().forward(x)
        return z if strength == 1 else (1 - strength) * x + strength * z


class FadedBatchNorm1d(_FadedBatchNorm, nn.BatchNorm1d):
    """Batch normalization of (batch, channels) that can be faded out."""


class FadedBatchNorm2d(_FadedBatchNorm, nn.BatchNorm2d):
    """Batch normalization of (batch, channels, rows, columns) that can be faded out."""


class JoinedBatchNorm1d(_FadedBatchNorm, _JoinedBatchNorm, nn.BatchNorm1d):
    """Batch normalization of (batch, channels) over the batches of all processes that train the network."""


class JoinedBatchNorm2d(_FadedBatchNorm, _JoinedBatchNorm, nn.BatchNorm2d):
    """Batch normalization of (batch, channels, rows, columns) over the batches of all processes."""


def batch_norms(network: nn.Module) -> list[_FadedBatchNorm]:
    """Return the batch normalizations of a network that can be faded out, in order."""
    return [module for module in network.modules() if isinstance(module, _FadedBatchNorm)]


def fade(network: nn.Module, seed: int) -> Fader:
    """Give all batch normalizations of a network one fader, and return it."""
    fader = Fader(seed)
    for number, norm in enumerate(batch_norms(network)):
        norm.fader, norm.number = fader, number
    return fader
