"""What parameters and gradients were when an optimizer used them, where both are gone once the pass can be measured."""

from __future__ import annotations

from math import nan
from typing import NamedTuple

from torch import Tensor, nn

from shiftscope.tracing.grad_scaler import UNSCALED, Scales
from shiftscope.tracing.room import copied

_ROOM = 4
"""A device has room for a copy where so many times as much is free; else the copy comes to the host."""


class KeptParameters:
    """Copies of parameters and their gradients: as where each has an optimizer that steps during the backward pass."""

    def __init__(self) -> None:
        self._values: dict[int, Tensor] = {}
        self._gradients: dict[int, Tensor | None] = {}

    def keep(self, parameter: nn.Parameter) -> None:
        """Keep a parameter and its gradient, if it has one, as they are."""
        if parameter.grad is not None:
            if id(parameter) not in self._values:
                self._values[id(parameter)] = copied(parameter, _ROOM)
            self._gradients[id(parameter)] = copied(parameter.grad, _ROOM)

    def leave_out(self, parameter: nn.Parameter) -> None:
        """Take a parameter for one without a gradient: what it has is none of this update."""
        self._gradients[id(parameter)] = None

    def gradient(self, parameter: nn.Parameter) -> Tensor | None:
        """Return the gradient of a parameter that was kept, or that it has now."""
        return self._gradients.get(id(parameter), parameter.grad)

    def value(self, tensor: object) -> object:
        """Return what a parameter was; anything else as it is."""
        return self._values.get(id(tensor), tensor)

    def leaves_out(self, parameter: nn.Parameter) -> bool:
        """Whether what a parameter has for a gradient is none of this update."""
        return id(parameter) in self._gradients and self._gradients[id(parameter)] is None


class Used(NamedTuple):
    """What an update uses, where that is not what parameters are and have for gradients.

    Attributes:
        scales: of the gradients.
        kept: what both were, where that is over.
    """

    scales: Scales = UNSCALED
    kept: KeptParameters | None = None

    def value(self, parameter: nn.Parameter) -> Tensor:
        """Return what a parameter is before the update."""
        kept = None if self.kept is None else self.kept.value(parameter)
        return kept if isinstance(kept, Tensor) else parameter

    def gradient(self, parameter: nn.Parameter) -> Tensor | None:
        """Return the gradient by a parameter, times its scale."""
        return parameter.grad if self.kept is None else self.kept.gradient(parameter)

    def scale(self, parameter: nn.Parameter) -> float:
        """Return what that gradient is times what it should be; NaN where it is none of this update."""
        if self.kept is not None and self.kept.leaves_out(parameter):
            return nan
        return self.scales.others.get(id(parameter), self.scales.parameters)
