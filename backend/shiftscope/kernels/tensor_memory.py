"""How a tensor's values lie in memory."""

from __future__ import annotations

import torch
from torch import Tensor


def readable(tensor: Tensor) -> Tensor:
    """Return the values as float32 or float64 in one piece of the host's memory; in any order, as it lies."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.coalesce().values() if tensor.is_sparse else tensor.to_dense()
    tensor = tensor.to(device="cpu", dtype=torch.float64 if tensor.dtype is torch.float64 else torch.float32)
    return tensor if _channels_last(tensor) else tensor.contiguous()


def inner(tensor: Tensor) -> int:
    """How many values of one channel, the second axis, lie together in a tensor made readable; 1 or more."""
    if tensor.dim() < 3 or not tensor.is_contiguous():
        return 1
    return max(1, tensor.shape[2:].numel())


def _channels_last(tensor: Tensor) -> bool:
    return (tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)) or (
        tensor.dim() == 5 and tensor.is_contiguous(memory_format=torch.channels_last_3d)
    )
