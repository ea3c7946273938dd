"""What parameters and gradients were when an optimizer used them, where both are gone once the pass can be measured."""

from __future__ import annotations

from torch import Tensor, nn


class KeptParameters:
    """Copies of parameters and their gradients: as where each has an optimizer that steps during the backward pass."""

    def __init__(self) -> None:
        self._values: dict[int, Tensor] = {}
        self._gradients: dict[int, Tensor | None] = {}

    def keep(self, parameter: nn.Parameter) -> None:
        """Keep a parameter and its gradient, if it has one, as they are."""
        if parameter.grad is not None:
            self._values.setdefault(id(parameter), parameter.detach().clone())
            self._gradients[id(parameter)] = parameter.grad.detach().clone()

    def leave_out(self, parameter: nn.Parameter) -> None:
        """Take a parameter for one without a gradient: what it has is none of this update."""
        self._gradients[id(parameter)] = None

    def gradient(self, parameter: nn.Parameter) -> Tensor | None:
        """Return the gradient of a parameter that was kept, or that it has now."""
        return self._gradients.get(id(parameter), parameter.grad)

    def value(self, tensor: object) -> object:
        """Return what a parameter was; anything else as it is."""
        return self._values.get(id(tensor), tensor)
