"""Batch normalization in processes that train one network together: what each sees of its share, and what all see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed
from torch.autograd.function import once_differentiable
from torch.nn.modules.batchnorm import _BatchNorm


class Group:
    """The processes that train a network together, as its batch normalizations know them; copies of it share this.

    Only inside a step do the others take part: whoever runs the network to study or to evaluate it is alone.

    Attributes:
        size: how many processes.
        in_step: whether all of them are on their way through the same step.
        moments: by number of the normalization, biased variance and mean of what this process's share of the batch
            brought to it, shape (2, channels).
    """

    def __init__(self, size: int) -> None:
        self.size, self.in_step = size, False
        self.moments: dict[int, Tensor] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Group:
        return self

    @contextmanager
    def step(self) -> Iterator[None]:
        """Let all processes take part until the end."""
        self.in_step = True
        self.moments.clear()
        try:
            yield
        finally:
            self.in_step = False

    def observe(self, number: int, values: Tensor) -> None:
        """Keep the moments of what comes to a normalization."""
        with torch.no_grad():
            self.moments[number] = moments(values)


def moments(values: Tensor) -> Tensor:
    """Return biased variance and mean of each channel of (batch, channels, ...): (2, channels)."""
    return torch.stack(torch.var_mean(values, dim=[0, *range(2, values.dim())], correction=0))


def pooled(shares: Tensor) -> Tensor:
    """Return the moments of all shares together, which are alike in size: (shares, 2, channels) -> (2, channels)."""
    mean = shares[:, 1].mean(0)
    return torch.stack([(shares[:, 0] + (shares[:, 1] - mean).square()).mean(0), mean])


class _Gathered(torch.autograd.Function):
    """What every process has, in the order of their ranks: (...) -> (processes, ...).

    The gradient that comes back is that of the sum of all processes' losses, which data-parallel training averages.
    """

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:  # noqa: ANN401,ARG004
        """Gather."""
        return gathered(own)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401,ARG004
        """Return the sum over all processes of the gradient by what is this one's."""
        whole = gradient.contiguous().clone()
        distributed.all_reduce(whole)
        return whole[distributed.get_rank()]


def gathered(own: Tensor) -> Tensor:
    """Return what every process has, in the order of their ranks: (...) -> (processes, ...)."""
    parts = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(parts, own.contiguous())
    return torch.stack(parts)


class _JoinedBatchNorm(_BatchNorm):
    """Batch normalization over the batches of all processes: what torch's SyncBatchNorm, which wants GPUs, does.

    Mean and variance are those of all shares together, as if one process had seen the whole batch, and so are the
    running statistics; gradients flow through them to every process. Outside of a step it is batch normalization.
    """

    group: Group | None = None

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name that torch gives it
        """(batch, channels, ...) -> the same."""
        if self.group is None or not (self.group.in_step and self.training):
            return super().forward(input)
        self._check_input_dim(input)  # type: ignore[no-untyped-call]
        shares: Tensor = _Gathered.apply(moments(input))  # type: ignore[no-untyped-call]
        variance, mean = pooled(shares)
        self._remember(mean, variance, self.group.size * input.numel() // input.shape[1])
        shape = (1, -1) + (1,) * (input.dim() - 2)
        z = (input - mean.view(shape)) * (variance + self.eps).rsqrt().view(shape)
        return z if self.weight is None else torch.addcmul(self.bias.view(shape), z, self.weight.view(shape))

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, values: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        weight = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(variance * (values / (values - 1)), weight)
