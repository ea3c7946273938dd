"""Evaluating a network with other parameters: losses and gradients that training knows nothing of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import TrainingStep
from shiftscope.tracing.isolation import Isolation

SAME = 1e-3
"""How far, relatively, the training's gradients may be from those of the given loss and still be taken for them."""


class LossEvaluator:
    """Computes losses and gradients on a step's batch, in isolation. Each pass draws the same random numbers, if any.

    Attributes:
        random: whether passes draw random numbers; known after the first.
    """

    def __init__(self, setup: ProbeSetup) -> None:
        network = setup.network
        self._network, self._loss = network.module, setup.loss
        self._isolation = Isolation(network.module, network.layers)
        self._random: list[Tensor] = []
        self._repeats: bool | None = None
        self.random = False

    @contextmanager
    def __call__(self, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
        """Enter a block in which these parameters' `data` may be replaced; afterwards they are what they were."""
        own = [parameter.data for parameter in parameters]
        with self._isolation(), torch.enable_grad():
            self._random = self._isolation.random_state()
            try:
                yield
            finally:
                put(parameters, own)

    def outputs(self, step: TrainingStep) -> Tensor:
        """Run the network as it is now on the step's inputs."""
        self._isolation.set_random_state(self._random)
        outputs: Tensor = step.given.run(self._network)
        return outputs

    def loss(self, outputs: Tensor, step: TrainingStep) -> Tensor:
        """Return the loss of outputs on the step's targets."""
        if step.targets is None:
            raise ValueError(f"step {step.number} was measured without its targets: give batch=(inputs, targets)")
        return self._loss(outputs, step.targets)

    def differentiate(self, outputs: Tensor, step: TrainingStep, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
        """Return the loss's gradients, zeros for a parameter that it does not depend on."""
        found = torch.autograd.grad(self.loss(outputs, step), parameters, allow_unused=True)
        return [torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True)]

    def gradients(self, step: TrainingStep, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
        """Return the gradients of the loss of the network as it is now."""
        return self.differentiate(self.outputs(step), step, parameters)

    def repeats_training(self, step: TrainingStep, parameters: Sequence[nn.Parameter]) -> bool:
        """Whether the gradients at the parameters are those that are computed here, found out once.

        They are not if the network has dropout, if the loss that training minimizes is another one, or if gradients
        were scaled or clipped before they were measured.
        """
        if self._repeats is None:
            with self(()):
                before = self._isolation.random_state()
                own = self.gradients(step, parameters)
                self.random = not all(map(torch.equal, before, self._isolation.random_state()))
            close = [_close(gradient, p.grad) for gradient, p in zip(own, parameters, strict=True)]
            self._repeats = not self.random and all(close)
        return self._repeats


def put(parameters: Sequence[nn.Parameter], values: Sequence[Tensor]) -> None:
    """Let each parameter have another tensor's memory."""
    for parameter, value in zip(parameters, values, strict=True):
        parameter.data = value


def _close(one: Tensor, other: Tensor | None) -> bool:
    if other is None:
        return not one.any()
    return bool(torch.linalg.vector_norm(one - other) <= SAME * torch.linalg.vector_norm(one))
