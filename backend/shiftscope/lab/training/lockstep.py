"""Training several networks in step: the same batch, the same random numbers, an update of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Loss = Callable[[Any, Tensor], Tensor]


class Lockstep:
    """Gives each network its own optimizer, and all of them each batch.

    Args:
        networks: by name.
        optimizer: makes an optimizer of parameters: `lambda parameters: torch.optim.SGD(parameters, lr=0.1)`.
        loss: (outputs, targets) -> a scalar.

    Attributes:
        networks: by name.
        optimizers: by the same names, as `watch(optimizer=...)` and schedulers take them.
    """

    def __init__(
        self, networks: Mapping[str, nn.Module], optimizer: Callable[[Iterable[nn.Parameter]], Optimizer], loss: Loss
    ) -> None:
        self.networks = dict(networks)
        self.optimizers = {name: optimizer(network.parameters()) for name, network in self.networks.items()}
        self._loss = loss

    def step(self, inputs: Any, targets: Tensor) -> dict[str, Tensor]:  # noqa: ANN401  whatever the networks take
        """Update each network on one batch; return the losses before that, as `scope.log(loss=...)` takes them.

        Dropout draws the same numbers in each: their passes begin with one state of torch's generators.
        """
        losses = {}
        before, after = _random_state(), None
        for name, network in self.networks.items():
            _set_random_state(before)
            self.optimizers[name].zero_grad()
            loss = self._loss(network(inputs), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizers[name].step()
            losses[name] = loss.detach()
            after = after or _random_state()
        _set_random_state(after or before)
        return losses


def _random_state() -> tuple[Tensor, list[Tensor]]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return torch.get_rng_state(), cuda


def _set_random_state(state: tuple[Tensor, list[Tensor]]) -> None:
    torch.set_rng_state(state[0])
    if state[1]:
        torch.cuda.set_rng_state_all(state[1])
