"""Passes of the scope's own, after which a network is what it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shiftscope.tracing import random_state
from shiftscope.tracing.layers import Layer


class Isolation:
    """Lets a network be run as it trains, but for chance, without leaving a trace.

    Normalizations stay in the mode that they are in, so that in training they take the batch's own statistics, and
    batch normalization's running statistics are left alone. All other modules are put into eval mode: no dropout. A
    normalization that draws random numbers draws them; the random state is the same afterwards. So are all modes,
    buffers and gradients.
    """

    def __init__(self, network: nn.Module, layers: Sequence[Layer]) -> None:
        normalizations = [layer.normalization.module for layer in layers if layer.normalization]
        inside = {id(module): module for norm in normalizations for module in norm.modules()}
        self._others = [module for module in network.modules() if id(module) not in inside]
        self._batch_norms = [module for module in inside.values() if isinstance(module, _BatchNorm)]
        self._buffers = [
            buffer
            for module in inside.values()
            if not isinstance(module, _BatchNorm)
            for buffer in module.buffers(recurse=False)
        ]
        self._devices = random_state.devices_of(network)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Enter isolation."""
        modes = [module.training for module in self._others]
        tracking = [module.track_running_stats for module in self._batch_norms]
        kept = [buffer.clone() for buffer in self._buffers]
        drawn = self.random_state()
        try:
            # Straight into their attributes: nn.Module's own setting searches parameters and buffers of that name.
            for module in self._others:
                module.__dict__["training"] = False
            for module in self._batch_norms:
                # One that trains but tracks nothing uses the batch's statistics and updates none.
                module.track_running_stats = module.track_running_stats and not module.training
            yield
        finally:
            for module, mode in zip(self._others, modes, strict=True):
                module.__dict__["training"] = mode
            for module, tracks in zip(self._batch_norms, tracking, strict=True):
                module.track_running_stats = tracks
            with torch.no_grad():
                for buffer, value in zip(self._buffers, kept, strict=True):
                    buffer.copy_(value)
            self.set_random_state(drawn)

    def random_state(self) -> list[Tensor]:
        """Return torch's random state, of the host and of the devices that the network is on."""
        return random_state.torch_state(self._devices)

    def set_random_state(self, state: Sequence[Tensor]) -> None:
        """Put a random state back."""
        random_state.set_torch_state(state, self._devices)
