"""Room in a device's memory: the training comes first there, and what is measured second."""

from __future__ import annotations

from contextlib import suppress

import torch
from torch import Tensor


def has_room(device: torch.device, size: int) -> bool:
    """Whether so many bytes are free on a device: to anybody, or because torch keeps them for what comes next."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    with suppress(RuntimeError):  # another allocator may not count
        free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return size < free


def copied(tensor: Tensor, times: int) -> Tensor:
    """Return a copy where the tensor lies, if `times` its size is free there; else on the host."""
    values = tensor.detach()
    if has_room(tensor.device, times * tensor.numel() * tensor.element_size()):
        with suppress(torch.OutOfMemoryError):
            return values.clone()
    return values.cpu()
