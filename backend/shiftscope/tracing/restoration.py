"""Putting a network back as it was after code that nobody vouches for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from shiftscope.tracing import random_state


class Restoration:
    """Keeps all of a network that training depends on, and restores what was changed."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._devices = random_state.devices_of(network)

    @contextmanager
    def __call__(self, batch: Sequence[Tensor] = ()) -> Iterator[list[str]]:
        """Enter a block after which the network, its gradients, modes, a batch and random numbers are as before.

        Yields a list that holds, once the block is over, the names of what had been changed.
        """
        tensors = {
            **dict(self._network.named_parameters()),
            **dict(self._network.named_buffers()),
            **{f"the batch ({number})": tensor for number, tensor in enumerate(batch)},
        }
        kept = {name: (tensor, tensor.data, tensor.detach().clone()) for name, tensor in tensors.items()}
        gradients = {
            name: (parameter, parameter.grad, None if parameter.grad is None else parameter.grad.detach().clone())
            for name, parameter in self._network.named_parameters()
        }
        modes = [(name, module, module.training) for name, module in self._network.named_modules()]
        enabled = torch.is_grad_enabled()
        changed: list[str] = []
        with random_state.kept(self._devices):
            try:
                yield changed
            finally:
                torch.set_grad_enabled(enabled)
                changed += [name for name, each in kept.items() if _restore(*each)]
                changed += [f"the gradient of {name}" for name, each in gradients.items() if _restore_gradient(*each)]
                for name, module, mode in modes:
                    if module.training is not mode:
                        module.training = mode
                        changed.append(f"the mode of {name or type(module).__name__}")


def _restore(tensor: Tensor, memory: Tensor, values: Tensor) -> bool:
    """Give a tensor its memory and values back; return whether either had changed."""
    moved = tensor.data_ptr() != memory.data_ptr() or tensor.shape != memory.shape
    if moved:
        tensor.data = memory
    written = not _same(memory, values)
    if written:
        memory.copy_(values)
    return moved or written


def _restore_gradient(parameter: nn.Parameter, gradient: Tensor | None, values: Tensor | None) -> bool:
    changed = parameter.grad is not gradient
    parameter.grad = gradient
    if gradient is not None and values is not None and not _same(gradient, values):
        with torch.no_grad():
            gradient.copy_(values)
        changed = True
    return changed


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether values are the same, NaN among them."""
    return torch.equal(one, other) or bool(((one == other) | (one.isnan() & other.isnan())).all())
