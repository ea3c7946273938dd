"""The state of all random numbers that a training may draw."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn


def devices_of(network: nn.Module) -> list[int]:
    """Return the indices of the CUDA devices that a network is on."""
    return sorted({p.device.index or 0 for p in network.parameters() if p.is_cuda})


def torch_state(devices: Sequence[int]) -> list[Tensor]:
    """Return torch's random state, of the host and of these devices."""
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state(device) for device in devices)]


def set_torch_state(state: Sequence[Tensor], devices: Sequence[int]) -> None:
    """Put torch's random state back."""
    torch.set_rng_state(state[0])
    for device, there in zip(devices, state[1:], strict=True):
        torch.cuda.set_rng_state(there, device)


@contextmanager
def kept(devices: Sequence[int]) -> Iterator[None]:
    """Enter a block that may draw what it likes: torch, numpy and Python go on afterwards as if it had not."""
    ours, numpys, pythons = torch_state(devices), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        set_torch_state(ours, devices)
        np.random.set_state(numpys)
        random.setstate(pythons)
