"""How far two gradients are apart."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.kernels.products import compare_values
from shiftscope.kernels.tensor_memory import Unreadable, readable


def compare(one: Tensor, other: Tensor) -> NDArray[np.float64]:
    """Return the L2 norm of the difference and the cosine of two gradients; NaN where they cannot be compared."""
    try:
        a, b = readable(one), readable(other)
    except Unreadable:
        return np.full(2, np.nan)
    if a.shape != b.shape:
        return np.full(2, np.nan)
    if a.dtype is not b.dtype or a.stride() != b.stride():
        a, b = a.double().contiguous(), b.double().contiguous()
    found = np.empty(2)
    compare_values(a.data_ptr(), a.numel(), a.dtype is torch.float64, b.data_ptr(), found)
    return found
