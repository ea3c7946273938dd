"""The learning rates of a network's parameter groups, read where they are: schedulers and people change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from weakref import ref

from torch import nn
from torch.optim import Optimizer

MOST_GROUPS = 64
"""Groups of one network that are recorded."""


class LearningRates:
    """Reads the rates of the groups that hold a network's parameters.

    Args:
        network: whose parameters they hold.
        given: optimizers that are known from the start; where there are none, the one that steps is read.
    """

    def __init__(self, network: nn.Module, given: Sequence[Optimizer]) -> None:
        self._network = ref(network)
        self._groups: dict[int, list[int]] = {}
        self._given = [ref(one) for one in given if self._of(one)]

    def read(self, optimizer: Optimizer | None = None) -> tuple[float, ...]:
        """Return the rate of each group, in order; a group that has none is left out."""
        known = [found for one in self._given if (found := one()) is not None]
        read = known or ([] if optimizer is None else [optimizer])
        return tuple(_rates((one, self._of(one)) for one in read))[:MOST_GROUPS]

    def _of(self, optimizer: Optimizer) -> list[int]:
        """Return which groups of an optimizer hold parameters of the network, as it was when this was asked first."""
        network = self._network()
        if id(optimizer) not in self._groups and network is not None:
            ours = {id(parameter) for parameter in network.parameters()}
            self._groups[id(optimizer)] = [
                at for at, group in enumerate(optimizer.param_groups) if any(id(p) in ours for p in group["params"])
            ]
        return self._groups.get(id(optimizer), [])


def _rates(optimizers: Iterable[tuple[Optimizer, list[int]]]) -> Iterable[float]:
    for optimizer, places in optimizers:
        for at in places:
            group = optimizer.param_groups[at] if at < len(optimizer.param_groups) else {}
            if "lr" in group:
                yield float(group["lr"])
