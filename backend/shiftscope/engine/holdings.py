"""Which parameters optimizers hold, and so whose step makes an update of a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from weakref import ref

from torch import nn
from torch.optim import Optimizer

from shiftscope.tracing.grad_scaler import Share


class Holdings:
    """What optimizers hold of networks.

    Args:
        networks: by name.
        optimizers: that are known to make the updates.
    """

    def __init__(self, networks: Mapping[str, nn.Module], optimizers: Sequence[Optimizer]) -> None:
        self._networks = networks
        self._given = [ref(one) for one in optimizers]

    @property
    def given(self) -> list[Optimizer]:
        """Those that were given and are still there."""
        return [one for one in (reference() for reference in self._given) if one is not None]

    def counts(self, optimizer: Optimizer, name: str) -> bool:
        """Whether an optimizer makes a network's updates.

        That is one that was given, one that holds all that these hold, and one that holds parameters of this network
        alone. Any other may hold a part that the network shares with others, and be theirs.
        """
        given = self.given
        if not given or optimizer in given:
            return True
        own = {id(parameter) for parameter in self._networks[name].parameters()}
        taken = held([optimizer])
        return own & held(given) <= taken or taken <= own

    def all_held(self, name: str, optimizers: Iterable[Optimizer]) -> bool:
        """Whether optimizers hold all parameters of a network that have gradients."""
        taken = held(optimizers)
        return all(p.grad is None or id(p) in taken for p in self._networks[name].parameters())

    def others(self, name: str, optimizer: Optimizer, met: Iterable[Optimizer]) -> list[Share]:
        """Return the other optimizers of a network, and which of its parameters each holds; at last what none holds.

        Those that were given, and those that have been met.
        """
        others = {id(one): one for one in [*self.given, *met] if one is not optimizer}
        left = {id(parameter) for parameter in self._networks[name].parameters()} - held([optimizer])
        shares: list[Share] = []
        for other in others.values():
            taken = held([other]) & left
            shares.append((other, taken))
            left -= taken
        return [*shares, (None, left)]


def held(optimizers: Iterable[Optimizer]) -> set[int]:
    """Return the ids of the parameters that optimizers hold."""
    return {id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]}


def learning_rate_of(optimizer: Optimizer) -> float | None:
    """Return the learning rate of an optimizer's first parameters; None where it has none."""
    rate = optimizer.param_groups[0].get("lr") if optimizer.param_groups else None
    return None if rate is None else float(rate)
