"""What became of the gradients of a backward pass: used by an update, or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from shiftscope.tracing.backward_passes import Gradient, gradient_now

_Held = tuple[Mapping[str, nn.Parameter | None], str, nn.Parameter]
"""A module's parameters, and the name of one there."""


COMPARED = 1024
"""Values of a parameter that are compared to know whether it was updated."""


class _Mark(NamedTuple):
    """A parameter, where it is held, and what it was."""

    held: Mapping[str, nn.Parameter | None]
    name: str
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
        self._shown = False
        self.skipped = 0
        self._used: list[Gradient | None] = []

    def fresh(self) -> bool:
        """Whether a few parameters have other gradients than the last update used, whether or not a pass was seen."""
        known = list(self._trained())
        if len(self._used) != len(known):
            return any(p.grad is not None for p in known)
        return any(
            p.grad is not None and (used is None or not used.same(gradient_now(p, ())))
            for p, used in zip(known, self._used, strict=True)
        )

    def backward_ended(self) -> bool:
        """Keep the gradient that a backward pass has left; return whether an earlier one was skipped."""
        skipped = self._held is not None and self.check()
        first = self._known[0] if self._known else None
        if first is None or not first.requires_grad:
            first = next(iter(self._trained()), None)
        self._held = None if first is None else first.grad
        return skipped

    def check(self) -> bool:
        """Return whether the gradient that was kept was thrown away, and not finite."""
        held = self._held
        if held is None or self._known[0].grad is held:
            return False
        self._held = None
        if held.is_sparse or not held.dtype.is_floating_point or bool(torch.isfinite(held).all()):
            return False
        self.skipped += 1
        return True

    def mark(self) -> None:
        """Note what a few parameters are now."""
        self._marks = [
            _Mark(held, name, p, p.data_ptr(), p._version, _start(p).clone())
            for held, name, p in _few(self._network) if not p.is_meta
        ]  # fmt: skip

    def unmark(self) -> None:
        """Let go of what was noted: somebody announces updates."""
        self._marks = []

    def moved(self) -> bool:
        """Whether any of them is another one since, and was so updated."""
        if any(
            # While a network is called as a function of other weights, plain tensors stand here.
            (m.held.get(m.name) is not m.parameter and isinstance(m.held.get(m.name), nn.Parameter))
            or m.parameter._version != m.version or m.parameter.data_ptr() != m.memory
            for m in self._marks
        ):  # fmt: skip
            self._shown = True
            return True
        # To compare values is to wait for a device: not where updates show without that.
        marks = [m for m in self._marks if m.parameter.is_cpu or not self._shown]
        return any(not torch.equal(_start(m.parameter), m.values) for m in marks)

    def clear(self) -> None:
        """Let go of the gradient: an update has used it."""
        self._held = None
        self.note_used()

    def note_used(self) -> None:
        """Take note that the gradients that are there are those of updates so far."""
        self._used = [gradient_now(p, ()) for p in self._trained()]

    def _trained(self) -> list[nn.Parameter]:
        """Return a few small ones: of the first module that has any, of the last, and the smallest of all."""
        if not self._known or not all(p.requires_grad for p in self._known):
            self._known = list(dict.fromkeys(parameter for _, _, parameter in _few(self._network)))
        return self._known


def _is_trained(parameter: Tensor | None) -> TypeGuard[nn.Parameter]:
    return isinstance(parameter, nn.Parameter) and parameter.requires_grad and not is_lazy(parameter)


def _start(parameter: nn.Parameter) -> Tensor:
    """Return the first values of a parameter, which an update changes like the others."""
    return parameter.detach().flatten()[:COMPARED]


def _few(network: nn.Module) -> list[_Held]:
    """Return a few small ones: of the first module that has any, of the last, and the smallest of all."""
    trained = [
        [(module._parameters, name, p) for name, p in module._parameters.items() if _is_trained(p)]
        for module in network.modules()
    ]
    trained = [own for own in trained if own]
    if not trained:
        return []
    every = [one for own in trained for one in own]
    return [min(some, key=lambda one: one[2].numel()) for some in (trained[0], trained[-1], every)]
