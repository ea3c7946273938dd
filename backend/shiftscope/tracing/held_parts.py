"""A network's parts as they are now: its owner may put another module in the place of one at any time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import is_

from torch import nn
from torch.nn.parameter import is_lazy

from shiftscope.tracing.kinds import ResidualSum
from shiftscope.tracing.parts import Found, Part, Sum, Weights, as_written, find_parts, found_part
from shiftscope.tracing.selection import EVERY_LAYER, Selection
from shiftscope.tracing.taps import is_compiled
from shiftscope.tracing.tree import named_modules

MOST_LEADS = 8
"""Optimizers whose parts are noticed when they are called."""

_Held = tuple[Mapping[str, nn.Parameter | None], str, nn.Parameter]
"""A module's parameters, and the name of one there."""


class HeldParts:
    """The parts of a network, in order of registration, and where the network holds each.

    Args:
        root: the network.
        selection: which modules are to be layers.
        found: residual sums and weights of attention that are known.

    Attributes:
        now: the parts, as they are now.
        found: residual sums and weights of attention that are known: the last ones of the parts.
    """

    def __init__(self, root: nn.Module, selection: Selection = EVERY_LAYER, found: Sequence[Found] = ()) -> None:
        self._root, self._selection = root, selection
        self._tree: list[nn.Module] = []
        self._children: list[nn.Module | None] = []
        self._trained: dict[int, _Held] = {}
        self.found: list[Found] = list(found)
        self._names: dict[int, str] = {}
        self._named: list[nn.Module] = []
        self._list_parts()

    def _list_parts(self) -> None:
        self.now: list[Part] = find_parts(self._root, self._selection, self.found)
        self._known = _signatures(self.now)
        self._walk()
        self._walked_since = False
        self._trained.clear()
        self._holders = self._list_holders()

    def grow(self) -> bool:
        """List the parts anew, where there are layers that were not there before, or others in their places."""
        self._walk()
        if not self._walked_since:
            return False
        self._walked_since = False
        if _signatures(find_parts(self._root, self._selection)) <= self._known:
            return False
        self._list_parts()
        return True

    def is_sum(self, part: int) -> bool:
        """Whether a part is a residual sum."""
        return isinstance(self.now[part].module, ResidualSum)

    @property
    def sums(self) -> list[Sum]:
        """The residual sums that are known."""
        return [one for one in self.found if isinstance(one, Sum)]

    def attention(self) -> Iterator[tuple[int, Weights, nn.Module]]:
        """Yield the weights of attention that are known: which part each is, and the module that returns them."""
        first = len(self.now) - len(self.found)
        for part, one in enumerate(self.found, start=first):
            if isinstance(one, Weights) and (module := _held_in(self._root, one.owner)) is not None:
                yield part, one, module

    def add_weights(self, found: Weights) -> int | None:
        """Add weights of attention to the parts; return their index, None where they are not wanted."""
        owner = as_written(found.owner)
        inside = [part.name for part in self.now if part.kind == "core" and not part.function and part.name]
        if any(owner.startswith(f"{name}.") for name in inside) or any(
            isinstance(one, Weights) and one.owner == owner for one in self.found
        ):
            return None  # a part of a layer, or known
        if not self._selection.takes([f"{owner}.attention" if owner else "attention"], layer=True):
            return None
        return self._add(found._replace(owner=owner))

    def add_sum(self, found: Sum) -> int | None:
        """Add a residual sum to the parts; return its index, None where it is not wanted."""
        owner = as_written(found.owner)
        if not self._selection.takes([f"{owner}.sum" if owner else "sum"], layer=True):
            return None
        number = 1 + sum(one.owner == owner for one in self.sums)
        return self._add(found._replace(owner=owner, number=number))

    def _add(self, found: Found) -> int:
        self.found.append(found)
        self.now.append(found_part(found, len(self.now)))
        return self.now[-1].index

    def name_of(self, module: nn.Module) -> str | None:
        """Return the name of a module of the network, as its author knows it; None of any other."""
        if self._named is not self._tree:
            self._named = self._tree
            self._names = {id(one): as_written(name) for name, one in named_modules(self._root)}
        return self._names.get(id(module))

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
        modules = dict(named_modules(self._root))
        found = [(part, modules.get(part.name)) for part in self.now]
        # Another kind of module in the same place is another layer: its values are not that one's.
        # In place: who explores the network holds the list, to which sums are added.
        self.now[:] = [
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
        self._walk()
        return any(map(is_compiled, self._tree))

    def _walk(self) -> None:
        """List all modules, where any is another one since."""
        # Asked at every step: walking down a network's modules takes ten times as long as comparing what they hold.
        children = [child for module in self._tree for child in module._modules.values()]
        if len(children) != len(self._children) or not all(map(is_, children, self._children)) or not self._tree:
            self._tree = list(self._root.modules())
            self._children = [child for module in self._tree for child in module._modules.values()]
            self._walked_since = True

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
        modules = dict(named_modules(self._root))
        held: list[dict[str, nn.Module | None]] = []
        names: list[str] = []
        self._held_modules: list[nn.Module] = []
        for part in self.now:
            parent, _, own = part.name.rpartition(".")
            if part.name and parent in modules and modules[parent]._modules.get(own) is part.module:
                held.append(modules[parent]._modules)
                names.append(own)
                self._held_modules.append(part.module)
        return held, names


def _held_in(root: nn.Module, name: str) -> nn.Module | None:
    """Return the module of a name; None where there is none any more."""
    module: nn.Module | None = root
    for own in name.split(".") if name else ():
        module = None if module is None else module._modules.get(own)
    return module


def _signatures(parts: Sequence[Part]) -> set[tuple[object, ...]]:
    """Return what makes modules the same layers as before: names, types and sizes of parameters."""
    return {
        (as_written(part.name), type(part.module), *(tuple(p.shape) for p in _own_parameters(part.module)))
        for part in parts
        if not part.function
    }


def _own_parameters(module: nn.Module) -> list[nn.Parameter]:
    return [p for p in module._parameters.values() if p is not None and not is_lazy(p)]


def _trained_parameter(module: nn.Module) -> _Held | None:
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None and parameter.requires_grad and parameter.is_leaf:
                return part._parameters, name, parameter
    return None
