"""Sums of products of two gradients' values, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels import plain
from shiftscope.kernels.compile import compiled, over_memory, same_type_at


@compiled(vectorized=True, in_numpy=plain.products)
def _products(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float, float, float]:
    one = other = both = apart = 0.0
    for i in range(a.size):
        x, y = np.float64(a[i]), np.float64(b[i])
        one += x * x
        other += y * y
        both += x * y
        apart += (x - y) * (x - y)
    return one, other, both, apart


@over_memory(signatures=["(int64, int64, boolean, int64, float64[::1])"])
def compare_values(a: NDArray[Any], b: int, found: NDArray[np.float64]) -> None:
    """Compare `a` with as many values of its type at the address `b`."""
    one, other, both, apart = _products(a, same_type_at(a, b))
    norms = np.sqrt(one) * np.sqrt(other)
    found[0] = np.sqrt(apart)
    found[1] = both / norms if norms != 0.0 else 1.0 if one == other else 0.0
