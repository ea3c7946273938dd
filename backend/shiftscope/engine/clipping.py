"""The norm of all gradients together: as the backward pass left them, and as the optimizer uses them."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from shiftscope.kernels.tensor_memory import Unreadable, dense, unseen
from shiftscope.tracing.grad_scaler import UNSCALED, Scales


def total_norm(parameters: Iterable[nn.Parameter], scales: Scales = UNSCALED) -> Tensor | None:
    """Return the L2 norm over all gradients that are there, on their device; None without any that can be read.

    `scales` are what they are times what they should be.
    """
    norms: list[Tensor] = []
    with torch.no_grad(), unseen():
        for parameter in parameters:
            if parameter.grad is not None:
                try:
                    values = dense(parameter.grad, zeros=False)
                    norm = torch.linalg.vector_norm(values, dtype=torch.promote_types(values.dtype, torch.float32))
                    norms.append(norm / scales.others.get(id(parameter), scales.parameters))
                except Unreadable:
                    return None
        devices = {norm.device for norm in norms}
        if len(devices) != 1:
            return None
        # Of several types they are stacked as the widest.
        whole: Tensor = torch.linalg.vector_norm(torch.stack(norms))
        return whole
