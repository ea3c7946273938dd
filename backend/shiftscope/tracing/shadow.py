"""A copy of a network to try things on: the network itself is never run by anybody but its owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from shiftscope.tracing import random_state
from shiftscope.tracing.taps import is_wrapper


class ShadowError(Exception):
    """A network that cannot be copied so that running the copy leaves it alone."""


class Shadow:
    """A copy of a network, made once; its parameters, buffers, gradients and modes are loaded anew before each use.

    Of a network that is compiled, whole or in part, the copy is not.

    Args:
        network: to be copied.

    Attributes:
        module: the copy.

    Raises:
        ShadowError: it cannot be copied, or the copy would run code that belongs to the network itself.
    """

    def __init__(self, network: nn.Module) -> None:
        _check(network)
        self._network = network
        self._devices = random_state.devices_of(network)
        try:
            with random_state.kept(self._devices):
                self.module: nn.Module = _copied(network)
        except Exception as error:
            raise ShadowError(f"{type(network).__name__} cannot be copied: {error}") from error

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Enter a block in which the copy may be run and changed; random numbers go on afterwards as if it were not."""
        with random_state.kept(self._devices):
            self.load()
            yield

    def load(self) -> None:
        """Make the copy what the network is now.

        Raises:
            ShadowError: the network's parameters or buffers are others now.
        """
        pairs = [
            *zip(self._network.parameters(), self.module.parameters(), strict=True),
            *zip(self._network.buffers(), self.module.buffers(), strict=True),
        ]
        with torch.no_grad():
            for own, other in pairs:
                _load(own, other)
        own_modules = (module for module in self._network.modules() if not is_wrapper(module))
        for own_module, other_module in zip(own_modules, self.module.modules(), strict=True):
            other_module.__dict__["training"] = own_module.training


def _copied(network: nn.Module) -> nn.Module:
    """Copy a network; in the place of what compiling has put around modules stand these themselves."""
    wrappers = [module for module in network.modules() if is_wrapper(module)]
    copies: dict[int, Any] = {}
    for wrapper in reversed(wrappers):  # those inside first
        copies[id(wrapper)] = deepcopy(wrapper._modules["_orig_mod"], copies)
    copied: nn.Module = deepcopy(network, copies)
    return copied


def _load(own: Tensor, other: Tensor) -> None:
    if own.shape == other.shape and own.dtype == other.dtype and own.device == other.device:
        other.copy_(own)
    else:
        other.data = own.detach().clone()
    if isinstance(own, nn.Parameter):
        other.requires_grad_(own.requires_grad)
        other.grad = None if own.grad is None else own.grad.detach().clone()


def _check(network: nn.Module) -> None:
    """Refuse a network of which a copy would call functions that know the network itself, not the copy."""
    for name, module in network.named_modules():
        if is_wrapper(module):
            continue
        forward = module.__dict__.get("forward")
        if forward is not None and not isinstance(forward, MethodType):
            raise ShadowError(f"the forward of {name or type(module).__name__} was replaced by a function")
        for hook in (*module._forward_pre_hooks.values(), *module._forward_hooks.values()):
            if not (getattr(hook, "__module__", None) or "").startswith("torch."):
                raise ShadowError(f"{name or type(module).__name__} has a hook, which would be called for the copy too")
