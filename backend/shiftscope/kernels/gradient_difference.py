"""How far two gradients are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.kernels.compile import compiled, over_memory, same_type_at
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
    _compare_values(a.data_ptr(), a.numel(), a.dtype is torch.float64, b.data_ptr(), found)
    return found


@compiled(vectorized=True)
def _products(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float, float, float]:
    one = other = both = apart = 0.0
    for i in range(a.size):
        x, y = np.float64(a[i]), np.float64(b[i])
        one += x * x
        other += y * y
        both += x * y
        apart += (x - y) * (x - y)
    return one, other, both, apart


@over_memory
def _compare_values(a: NDArray[Any], b: int, found: NDArray[np.float64]) -> None:
    """Compare `a` with as many values of its type at the address `b`."""
    one, other, both, apart = _products(a, same_type_at(a, b))
    norms = np.sqrt(one) * np.sqrt(other)
    found[0] = np.sqrt(apart)
    found[1] = both / norms if norms != 0.0 else 1.0 if one == other else 0.0
