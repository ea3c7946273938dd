"""What two runs must have in common, to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributed.tensor import DTensor


def frozen(value: Any) -> object:
    """Return a value as what compares equal if, and only if, it is the same to the bit."""
    if isinstance(value, torch.Tensor):
        return _tensor(value)
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, nn.Module):
        state = {**value.state_dict(), **{f"buffer {name}": one for name, one in value.named_buffers()}}
        gradients = {f"gradient {name}": one.grad for name, one in value.named_parameters()}
        return frozen({**state, **gradients, "training": [one.training for one in value.modules()]})
    if hasattr(value, "state_dict"):
        return frozen(value.state_dict())
    if isinstance(value, Mapping):
        return [(str(key), frozen(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [frozen(one) for one in value]
    return repr(value) if isinstance(value, float) else value


def _tensor(value: torch.Tensor) -> object:
    dense = value.detach()
    if isinstance(dense, DTensor):
        dense = dense.to_local()
    if dense.is_quantized:
        dense = dense.int_repr()
    strides = dense.stride() if dense.layout == torch.strided else dense.layout
    dense = dense.to_dense().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return str(value.dtype), tuple(value.shape), strides, dense.view(torch.uint8).numpy().tobytes()


def anatomy(root: nn.Module) -> object:
    """Return what modules consist of: the names of their attributes, how many hooks, which forward."""
    found: list[object] = []
    for name, module in root.named_modules():
        own = {}
        for key, value in vars(module).items():
            sized = isinstance(value, dict | list | tuple | set)
            own[key] = f"{type(value).__name__} of {len(value)}" if sized else _kind(value)
        found.append((name, type(module).__name__, own))
    return found


def _kind(value: object) -> str:
    """Name a value: a function by what it is called, anything else by its type."""
    return str(getattr(value, "__qualname__", type(value).__name__))
