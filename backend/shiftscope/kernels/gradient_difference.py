"""How far two gradients are apart."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.kernels.products import compare_values
from shiftscope.kernels.reductions import wide_type
from shiftscope.kernels.tensor_memory import Unreadable, dense, readable, unseen


def compare(one: Tensor, other: Tensor) -> NDArray[np.float64]:
    """Return the L2 norm of the difference and the cosine of two gradients; NaN where they cannot be compared."""
    if not one.is_cpu and one.device == other.device and one.shape == other.shape:
        return _on_device(one, other)
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


def _on_device(one: Tensor, other: Tensor) -> NDArray[np.float64]:
    """Compare gradients where they lie: four numbers come to the host."""
    wide = wide_type(one.device.type)
    try:
        with unseen():
            a, b = (dense(gradient).reshape(-1).to(wide) for gradient in (one, other))
            sums = torch.stack([(a * a).sum(), (b * b).sum(), (a * b).sum(), ((a - b) ** 2).sum()])
            of_one, of_other, both, apart = map(float, sums.cpu().to(torch.float64).numpy())
    except Unreadable:
        return np.full(2, np.nan)
    norms = np.sqrt(of_one) * np.sqrt(of_other)
    return np.array([np.sqrt(apart), both / norms if norms else float(of_one == of_other)])
