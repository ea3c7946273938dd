"""Which steps of a network's optimizers are one update: those that use the same gradients.

Each may step at a rate of its own. What comes between two steps shows in the gradients of the later one: where a
backward pass has filled them since the earlier one, the two are updates of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple
from weakref import ref

from torch import nn
from torch.optim import Optimizer

from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.tracing.backward_passes import Gradient, gradient_now

MOST_NOTED = 8
"""Parameters of which the gradients are noted at each update, of those that its optimizer does not hold."""


class _Same(Enum):
    YES = "the same gradients"
    NO = "others, by a backward pass since"
    UNKNOWN = "none of them was noted"


class _Known(NamedTuple):
    """An optimizer: which parameters it holds, and some that it does not."""

    optimizer: ref[Optimizer]
    groups: int
    held: dict[int, nn.Parameter]
    others: list[nn.Parameter]


class Cycle:
    """The optimizers of one network, and the update that is under way.

    Attributes:
        open: those whose step is under way, one inside of another.
        stepped: those that have stepped in this update, by id.
        skipped: whether the step that is under way changes nothing.
        backward: number of the backward pass during which they step; -1 where they do so after it.
        last_backward: number of the last backward pass before the first step of this update.
        kept: what those found that step during a backward pass.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self.open: list[Optimizer] = []
        self.stepped: dict[int, Optimizer] = {}
        self.skipped = False
        self.backward = -1
        self.last_backward = -1
        self.kept = KeptParameters()
        self._known: dict[int, _Known] = {}
        self._noted: dict[int, tuple[nn.Parameter, Gradient | None]] = {}
        self._updates = 0
        self._ended: set[int] = set()
        self._joined: Optimizer | None = None
        self._used: dict[int, list[tuple[nn.Parameter, Gradient]]] = {}

    def meet(self, optimizer: Optimizer) -> bool:
        """Take note of an optimizer; return whether it is another one than were known, or holds others."""
        known = self._known.get(id(optimizer))
        if known and known.optimizer() is optimizer and known.groups == len(optimizer.param_groups):
            return False
        self._known = {key: one for key, one in self._known.items() if one.optimizer() is not None}
        held = {id(p): p for group in optimizer.param_groups for p in group["params"]}
        others = [p for p in self._network.parameters() if p.requires_grad and id(p) not in held]
        apart = others[:: -(-len(others) // MOST_NOTED)] if others else []
        self._known[id(optimizer)] = _Known(ref(optimizer), len(optimizer.param_groups), held, apart)
        return True

    @property
    def several(self) -> bool:
        """Whether there are several optimizers, or may be: the network has parameters that the only one lacks."""
        return len(self._known) > 1 or any(known.others for known in self._known.values())

    @property
    def optimizers(self) -> list[Optimizer]:
        """Those that have stepped so far and are still there."""
        return [one for one in (known.optimizer() for known in self._known.values()) if one is not None]

    @property
    def shares(self) -> list[set[int]]:
        """The ids of the parameters of each optimizer that has stepped so far, and of those that none of them holds."""
        held = [set(known.held) for known in self._known.values() if known.optimizer() is not None]
        return [*held, {id(p) for p in self._network.parameters() if p.requires_grad}.difference(*held)]

    @property
    def complete(self) -> bool:
        """Whether all optimizers that ever stepped, and are still there, have stepped in this update.

        In the first one nobody knows whether there are more.
        """
        return self._updates > 0 and all(
            key in self.stepped or known.optimizer() is None for key, known in self._known.items()
        )

    def parts(self, optimizer: Optimizer) -> bool:
        """Whether a step ends the update under way, and is another one."""
        return bool(self.stepped) and (id(optimizer) in self.stepped or self._same(optimizer) is _Same.NO)

    def joins(self, optimizer: Optimizer) -> bool:
        """Whether a step is part of the update that has ended last, which seemed to be complete."""
        late = bool(self._ended) and not self.stepped and id(optimizer) not in self._ended
        if late and self._same(optimizer) is _Same.YES:
            self._ended.add(id(optimizer))
            self._joined = optimizer
            return True
        return False

    def has_joined(self, optimizer: Optimizer) -> bool:
        """Whether the step that is over now was part of an update before."""
        joined, self._joined = self._joined is optimizer, None
        return joined

    def begin_in_backward(self, backward: int) -> None:
        """Begin an update of those that step during a backward pass."""
        self.backward, self.kept = backward, KeptParameters()
        self._noted, self._ended = {}, set()

    def begin(self, optimizer: Optimizer, backward: int) -> None:
        """Note the gradients as the first step of an update finds them, and the last backward pass before it."""
        self.last_backward = backward
        own = self._known[id(optimizer)]
        noted = [*own.others, *(p for other in self._others(own) for p in list(other.held.values())[:2])]
        self._noted = {id(p): (p, gradient_now(p, ())) for p in noted}
        self._ended = set()

    def end(self) -> None:
        """Note that an update is over."""
        self._ended, self.stepped = set(self.stepped), {}
        self._updates += 1

    def pass_begins(self) -> None:
        """Note that a pass begins: no step that follows belongs to an update before."""
        self._ended = set()

    def used(self, optimizer: Optimizer) -> None:
        """Note the gradients that a step has used, where others may step without it."""
        known = self._known.get(id(optimizer))
        if known is not None and self.several:
            found = ((p, gradient_now(p, ())) for p in known.held.values())
            self._used[id(optimizer)] = [(p, gradient) for p, gradient in found if gradient is not None]

    def earlier_left_out(self, optimizer: Optimizer) -> KeptParameters | None:
        """Return what leaves out gradients that an earlier update has used and nobody has zeroed; None without any."""
        if not self._used:
            return None
        own = self._known[id(optimizer)]
        self._used = {key: found for key, found in self._used.items() if key in self._known}
        earlier = [
            p
            for known in self._others(own)
            for p, gradient in self._used.get(id(known.optimizer()), ())
            if id(p) not in own.held and gradient.same(gradient_now(p, ()))
        ]
        kept = KeptParameters()
        for parameter in earlier:
            kept.leave_out(parameter)
        return kept if earlier else None

    def _others(self, own: _Known) -> Iterable[_Known]:
        return [known for known in self._known.values() if known is not own and known.optimizer() is not None]

    def _same(self, optimizer: Optimizer) -> _Same:
        """Return whether an optimizer would use the gradients that were there at the first step of the update."""
        held = self._known[id(optimizer)].held
        found = [one for key, one in self._noted.items() if key in held]
        for parameter, before in found:
            now = gradient_now(parameter, ())
            # What was only written to is more likely unscaled or clipped: a pass that fills it anew was seen itself.
            if now is not None and (before is None or not before.same_tensor(now)):
                return _Same.NO
        return _Same.YES if found else _Same.UNKNOWN
