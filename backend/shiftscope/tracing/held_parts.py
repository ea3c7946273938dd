"""A network's parts as they are now: its owner may put another module in the place of one at any time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import is_

from torch import nn

from shiftscope.tracing.parts import Part, find_parts
from shiftscope.tracing.selection import EVERY_LAYER, Selection
from shiftscope.tracing.taps import is_compiled

MOST_LEADS = 8
"""Optimizers whose parts are noticed when they are called."""

_Held = tuple[Mapping[str, nn.Parameter | None], str, nn.Parameter]
"""A module's parameters, and the name of one there."""


class HeldParts:
    """The parts of a network, in order of registration, and where the network holds each.

    Args:
        root: the network.
        selection: which modules are to be layers.

    Attributes:
        now: the parts, as they are now.
    """

    def __init__(self, root: nn.Module, selection: Selection = EVERY_LAYER) -> None:
        self._root = root
        self.now: list[Part] = find_parts(root, selection)
        self._trained: dict[int, _Held] = {}
        self._holders = self._list_holders()

    def leads(self, held: Sequence[Collection[int]]) -> tuple[int, ...]:
        """Return parts whose calls stand for those of the network: one for each of these sets of parameters' ids."""
        cores = [part for part in self.now if part.kind == "core" and not part.function]
        own = {part.index: {id(p) for p in part.module.parameters()} for part in cores} if held else {}
        first = (next((i for i, ids in own.items() if not ids.isdisjoint(one)), None) for one in held[:MOST_LEADS])
        return tuple(dict.fromkeys(i for i in first if i is not None)) or (cores[0].index if cores else 0,)

    def are_replaced(self) -> bool:
        """Whether any of them is another one since."""
        return not all(map(is_, map(dict.get, *self._holders), self._held_modules))

    def find_anew(self) -> None:
        """Find what stands in the places of those that were replaced."""
        modules = dict(self._root.named_modules())
        found = [(part, modules.get(part.name)) for part in self.now]
        # Another kind of module in the same place is another layer: its values are not that one's.
        self.now = [
            part
            if part.function or module is None or type(part.module) is not type(module)
            else part._replace(module=module)
            for part, module in found
        ]
        self._trained.clear()
        self._holders = self._list_holders()

    def trained_parameter(self, layer: int) -> nn.Parameter | None:
        """Return a parameter of a layer's core that is trained; None where there is none."""
        known = self._trained.get(layer)
        if known is None or known[0].get(known[1]) is not known[2] or not known[2].requires_grad:
            known = _trained_parameter(self.now[layer].module)
            if known is None:
                self._trained.pop(layer, None)
                return None
            self._trained[layer] = known
        return known[2]

    @property
    def any_compiled(self) -> bool:
        """Whether the network or anything in it is compiled."""
        return any(map(is_compiled, self._root.modules()))

    def is_inside_compiled(self, part: Part) -> bool:
        """Whether a part is inside a module that is compiled, or is one itself."""
        module: nn.Module | None = self._root
        for own in ["", *part.name.split(".")] if part.name else [""]:
            module = module._modules.get(own) if own and module is not None else module
            if module is not None and is_compiled(module):
                return True
        return False

    def _list_holders(self) -> tuple[list[dict[str, nn.Module | None]], list[str]]:
        """List where the parts are held, mappings of their parents and names there; note what is held there now."""
        modules = dict(self._root.named_modules())
        held: list[dict[str, nn.Module | None]] = []
        names: list[str] = []
        self._held_modules: list[nn.Module] = []
        for part in self.now:
            parent, _, own = part.name.rpartition(".")
            if part.name and parent in modules and modules.get(part.name) is part.module:
                held.append(modules[parent]._modules)
                names.append(own)
                self._held_modules.append(part.module)
        return held, names


def _trained_parameter(module: nn.Module) -> _Held | None:
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None and parameter.requires_grad and parameter.is_leaf:
                return part._parameters, name, parameter
    return None
