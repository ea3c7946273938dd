"""What became of the gradients of a backward pass: used by an update, or thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn


class _Mark(NamedTuple):
    """A parameter, and what it was."""

    parameter: nn.Parameter
    memory: int
    version: int
    values: Tensor


class GradientWatch:
    """Keeps a small gradient from the end of a backward pass until it is known what became of it.

    A gradient that is not finite reaches all earlier layers, so that the first one's is enough.

    Args:
        network: whose gradients these are.

    Attributes:
        skipped: how often, so far, gradients that are not finite were thrown away without an update.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._held: Tensor | None = None
        self._marks: list[_Mark] = []
        self._known: list[nn.Parameter] = []
        self.skipped = 0

    def backward_ended(self) -> bool:
        """Keep the gradient that a backward pass has left; return whether an earlier one was skipped."""
        skipped = self.check()
        first = next(iter(self._trained()), None)
        self._held = None if first is None else first.grad
        return skipped

    def check(self) -> bool:
        """Return whether the gradient that was kept was thrown away, and not finite."""
        held, first = self._held, next(iter(self._known), None)
        if held is None or first is None or first.grad is held:
            return False
        self._held = None
        if held.is_sparse or not held.dtype.is_floating_point or bool(torch.isfinite(held).all()):
            return False
        self.skipped += 1
        return True

    def thrown_away(self) -> bool:
        """Whether the gradients of the last backward pass are no longer there."""
        first = next(iter(self._known), None)
        return first is None or self._held is None or first.grad is not self._held

    def mark(self) -> None:
        """Note what a few parameters are now."""
        self._marks = [
            _Mark(p, p.data_ptr(), p._version, p.detach().clone())
            for p in self._trained() if not p.is_meta
        ]  # fmt: skip

    def moved(self) -> bool:
        """Whether any of them is another one since, and was so updated."""
        return any(
            m.parameter._version != m.version or m.parameter.data_ptr() != m.memory
            or not torch.equal(m.parameter.detach(), m.values)
            for m in self._marks
        )  # fmt: skip

    def clear(self) -> None:
        """Let go of the gradient: an update has used it."""
        self._held = None

    def _trained(self) -> list[nn.Parameter]:
        """Return a few small ones: of the first module that has any, of the last, and the smallest of all."""
        if not self._known or not all(p.requires_grad for p in self._known):
            self._known = list(dict.fromkeys(_few(self._network)))
        return self._known


def _few(network: nn.Module) -> Iterator[nn.Parameter]:
    trained = [
        [p for p in module.parameters(recurse=False) if p.requires_grad] for module in network.modules()
    ]  # fmt: skip
    trained = [own for own in trained if own]
    if trained:
        yield min(trained[0], key=nn.Parameter.numel)
        yield min(trained[-1], key=nn.Parameter.numel)
        yield min((p for own in trained for p in own), key=nn.Parameter.numel)
