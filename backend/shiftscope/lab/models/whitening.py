"""Batch whitening: what batch normalization would be if it decorrelated."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from shiftscope.config import Whitening


class BatchWhitening(nn.Module):
    """Takes the mean from each channel and the correlation from groups of channels (Huang et al. 2018).

    With S the (biased) covariance of a group over batch and space, and S_eps = S + eps I:

        zca:       y = S_eps^(-1/2) (x - mean), the whitening that moves the data least
        cholesky:  y = L^(-1) (x - mean), S_eps = L L^T

    then gamma * y + beta per channel. With groups of one channel both are batch normalization. Gradients flow through
    mean and covariance. In eval mode the running mean and covariance are used, which are formed as PyTorch's batch
    normalization forms its own: exponential averages of the batch's mean and unbiased covariance, from 0 and I.
    A batch of which the covariance is not finite, or not positive definite, gives NaN.

    Args:
        options: method, group_size, eps, momentum and affine.
        channels: a multiple of the group size.
    """

    running_mean: Tensor
    running_covariance: Tensor
    num_batches_tracked: Tensor
    weight: nn.Parameter | None
    bias: nn.Parameter | None

    def __init__(self, options: Whitening, channels: int) -> None:
        super().__init__()
        if channels % options.group_size:
            raise ValueError(f"groups of {options.group_size} cannot share {channels} channels evenly")
        groups, size = channels // options.group_size, options.group_size
        self.method, self.group_size, self.num_features = options.method, size, channels
        self.eps, self.momentum = options.eps, options.momentum
        self.register_parameter("weight", nn.Parameter(torch.ones(channels)) if options.affine else None)
        self.register_parameter("bias", nn.Parameter(torch.zeros(channels)) if options.affine else None)
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_covariance", torch.eye(size).repeat(groups, 1, 1))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.int64))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name that torch gives it
        """(batch, channels, ...) -> the same."""
        # One row per channel, its values over batch and space; then by group: (groups, size, values).
        rows = input.movedim(1, 0).flatten(1)
        mean, covariance = self._statistics(rows) if self.training else (self.running_mean, self.running_covariance)
        centred = (rows - mean[:, None]).reshape(-1, self.group_size, rows.shape[1])
        ridge = self.eps * torch.eye(self.group_size, dtype=input.dtype, device=input.device)
        whitened = _whiten(centred, covariance + ridge, self.method).flatten(0, 1)
        if self.weight is not None and self.bias is not None:
            whitened = torch.addcmul(self.bias[:, None], self.weight[:, None], whitened)
        channels_first = input.movedim(1, 0).shape
        return whitened.reshape(channels_first).movedim(0, 1)

    def _statistics(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean (channels,) and biased covariance (groups, size, size), and count them as a batch."""
        values = rows.shape[1]
        if values < 2:
            raise ValueError(f"whitening in train mode needs more than {values} value per channel")
        mean = rows.mean(1)
        centred = (rows - mean[:, None]).reshape(-1, self.group_size, rows.shape[1])
        covariance = centred @ centred.mT / values
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_covariance.lerp_(covariance * (values / (values - 1)), self.momentum)
        return mean, covariance

    def extra_repr(self) -> str:
        """Return what tells two layers apart."""
        return f"{self.num_features}, method={self.method}, group_size={self.group_size}, eps={self.eps}"


def _whiten(centred: Tensor, covariance: Tensor, method: str) -> Tensor:
    if method == "zca":
        root: Tensor = InverseSquareRoot.apply(covariance)  # type: ignore[no-untyped-call]
        return root @ centred
    factor, fault = torch.linalg.cholesky_ex(covariance)
    sound = (fault == 0)[:, None, None] & _finite(covariance)
    factor = torch.where(sound, factor, torch.nan)
    solution: Tensor = torch.linalg.solve_triangular(factor, centred, upper=False)
    return solution


def _finite(matrix: Tensor) -> Tensor:
    """Tell of each matrix, (..., n, n), whether all of it is finite: (..., 1, 1)."""
    return torch.isfinite(matrix).all(-1, keepdim=True).all(-2, keepdim=True)


class InverseSquareRoot(torch.autograd.Function):
    """A^(-1/2) of symmetric positive definite matrices, (..., n, n) -> (..., n, n); NaN where A is not that.

    Its derivative is taken by divided differences (Daleckii & Krein 1965): with A = U diag(l) U^T and f(l) = l^(-1/2),
    dF = U (K * U^T dA U) U^T, where K_ij = (f(l_i) - f(l_j)) / (l_i - l_j) = -1 / (r_i r_j (r_i + r_j)), r = sqrt(l).
    Unlike the derivative of the eigenvectors, it stays finite when eigenvalues coincide.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:  # noqa: ANN401
        """Return A^(-1/2)."""
        sound = _finite(matrix)
        identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
        # eigh raises an error at values that are not finite
        values, vectors = torch.linalg.eigh(torch.where(sound, matrix, identity))
        roots = torch.where(sound[..., 0], values.sqrt(), torch.nan)
        roots = torch.where(values > 0, roots, torch.nan)
        ctx.save_for_backward(roots, vectors)
        root: Tensor = (vectors / roots[..., None, :]) @ vectors.mT
        return root

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        """Return the derivative by A of what has `gradient` by A^(-1/2)."""
        roots, vectors = ctx.saved_tensors
        column, row = roots[..., :, None], roots[..., None, :]
        divided = -1 / (column * row * (column + row))
        inner: Tensor = divided * (vectors.mT @ gradient @ vectors)
        result: Tensor = vectors @ inner @ vectors.mT
        return result
