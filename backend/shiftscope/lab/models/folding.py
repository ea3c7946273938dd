"""Folding batch normalization into the linear maps beside it, for inference."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_IDLE_IN_EVAL_MODE = (nn.Identity, nn.Dropout)


class FoldingError(ValueError):
    """A batch normalization that has no linear map beside it to go into. The message names it."""


def fold(model: nn.Sequential) -> nn.Sequential:
    """Copy a model, in eval mode, without its batch normalizations and with the same outputs but for rounding.

    A batch normalization with running mean mu and variance v multiplies by a = gamma / sqrt(v + eps) and adds
    c = beta - a mu. Right behind a linear map or convolution it becomes part of that:

        W' = a W,  b' = a b + c        (row by row)

    and right before a linear map, an activation function standing in its way on the other side, part of this:

        W' = W diag(a),  b' = b + W c

    Raises:
        FoldingError: no linear map stands beside one of them, or it has no running statistics.
    """
    folded = copy.deepcopy(model).eval()
    chain = [
        (path, module)
        for path, module in folded.named_modules()
        if not list(module.children()) and not isinstance(module, _IDLE_IN_EVAL_MODE)
    ]
    for index, (path, norm) in enumerate(chain):
        if not isinstance(norm, _BATCH_NORMS):
            continue
        before = chain[index - 1][1] if index else None
        after = chain[index + 1][1] if index + 1 < len(chain) else None
        factor, summand = _affine(path, norm)
        if isinstance(before, _LAYERS):
            _into_layer_before(before, factor, summand)
        elif isinstance(after, nn.Linear):
            _into_linear_after(after, factor, summand)
        else:
            raise FoldingError(
                f"{path} stands neither behind a linear map or convolution nor before a linear map; "
                "a convolution that pads its input with zeros cannot take it in from before"
            )
        parent, _, name = path.rpartition(".")
        setattr(folded.get_submodule(parent), name, nn.Identity())
    return folded


def _affine(path: str, norm: nn.Module) -> tuple[Tensor, Tensor]:
    assert isinstance(norm, _BATCH_NORMS)
    if norm.running_mean is None or norm.running_var is None:
        raise FoldingError(f"{path} has no running statistics, and so no fixed factor to fold")
    factor = 1 / torch.sqrt(norm.running_var + norm.eps)
    if norm.affine:
        return norm.weight.detach() * factor, norm.bias.detach() - norm.weight.detach() * factor * norm.running_mean
    return factor, -factor * norm.running_mean


def _into_layer_before(layer: nn.Module, factor: Tensor, summand: Tensor) -> None:
    assert isinstance(layer, _LAYERS)
    with torch.no_grad():
        layer.weight *= factor.reshape(-1, *[1] * (layer.weight.dim() - 1))
        bias = summand if layer.bias is None else factor * layer.bias + summand
        layer.bias = nn.Parameter(bias)


def _into_linear_after(layer: nn.Linear, factor: Tensor, summand: Tensor) -> None:
    with torch.no_grad():
        bias = layer.weight @ summand
        layer.bias = nn.Parameter(bias if layer.bias is None else layer.bias + bias)
        layer.weight *= factor
