"""Which modules of a network, and which functions, make up its layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import NamedTuple

from torch import nn

from shiftscope.tracing.functions import ACTIVATIONS
from shiftscope.tracing.kinds import (
    AttentionWeights,
    Kind,
    OwnParameter,
    ResidualSum,
    has_several_matrices,
    kind_of,
    passes_messages,
)
from shiftscope.tracing.selection import EVERY_LAYER, Selection
from shiftscope.tracing.tree import named_modules


class Part(NamedTuple):
    """A module whose calls are recorded.

    Attributes:
        name: as the network has it.
        module: that is called.
        kind: what it is.
        index: its place among the parts of its network.
        block: name of the nn.Sequential that it is an element of, if any.
        begins: whether it may begin a layer.
        function: whether it is a function, a sum, attention's weights, or a parameter that functions multiply with: a
            module stands for it.
    """

    name: str
    module: nn.Module
    kind: Kind
    index: int  # type: ignore[assignment]  # not tuple's method
    block: str = ""
    begins: bool = True
    function: bool = False


Named = tuple[str, bool]
"""A part by its name, and whether it is a function."""


class Sum(NamedTuple):
    """A residual sum, and how it is found again.

    Attributes:
        owner: name of the module in whose forward it is made.
        code: of the instruction that adds.
        instruction: which of the code it is.
        branch: which of the two operands the skip connection leads around.
        layer: that the branch ends with; None where that is none.
        module: that stands for it.
        number: which of its owner's it is, from 1.
    """

    owner: str
    code: CodeType
    instruction: int
    branch: int
    layer: Named | None
    module: ResidualSum
    number: int = 1

    @property
    def name(self) -> str:
        """Its name as a part: that of no module."""
        own = "sum" if self.number == 1 else f"sum {self.number}"
        return f"{self.owner} · {own}" if self.owner else own


class Weights(NamedTuple):
    """Weights of attention, and how they are found again.

    Attributes:
        owner: name of the module that returns them.
        place: of theirs among what it returns.
        module: that stands for them.
    """

    owner: str
    place: int
    module: AttentionWeights

    @property
    def name(self) -> str:
        """Their name as a part: that of no module."""
        return f"{self.owner} · attention" if self.owner else "attention"


Found = Sum | Weights
"""What is a part and no module, and is found while a step is explored."""


def find_parts(root: nn.Module, selection: Selection = EVERY_LAYER, found: Sequence[Found] = ()) -> list[Part]:
    """List the modules whose calls make up layers, in order of registration; a module used twice is one part.

    Then the functions that are activations, the parameters that no part is for, and what was found in earlier steps.
    """
    parts: list[Part] = []
    rest: list[tuple[str, nn.Module]] = []
    modules = dict(named_modules(root))
    kinds = _kinds(root)
    single = _single_layers(modules, kinds)
    for name, module in modules.items():
        if name not in kinds:
            continue
        kind = kinds[name]
        block = name.rpartition(".")[0]
        # An nn.Sequential that is one layer is chosen by its own name or by that of its core.
        names = [
            as_written(one) for one in (name, block if kind == "core" and block in single else "") if one or not name
        ]
        chosen = None if name in single else _chosen(names, kind, selection)
        if chosen is None:
            rest.append((name, module))
        else:
            block = block if _is_sequence(modules[block]) else ""
            parts.append(Part(name, module, chosen[0], len(parts), block, begins=chosen[1]))
    parts += _functions(len(parts), rest, selection)
    return parts + [found_part(one, index) for index, one in enumerate(found, start=len(parts))]


def found_part(one: Found, index: int) -> Part:
    """Return a residual sum, or attention's weights, as a part."""
    return Part(one.name, one.module, "core", index, function=True)


def _kinds(root: nn.Module) -> dict[str, Kind | None]:
    """Return what each module is, without those that belong to a part around them."""
    found: dict[str, Kind | None] = {}
    inside: tuple[str, ...] = ()
    leaves: set[str] = set()
    normalizations: tuple[str, ...] = ()
    for name, module in named_modules(root):
        kind = kind_of(name, module)
        # A normalization may have an activation of its own.
        own = kind == "activation" and name.startswith(normalizations)
        if name in leaves or (name.startswith(inside) and not own):
            continue
        found[name] = None if not name and kind == "core" and has_several_matrices(module) else kind
        if name and passes_messages(module):
            # A network that it was given, as a GINConv is, has layers of its own.
            leaves |= {f"{name}.{own}" for own, child in module.named_children() if not any(child.children())}
        elif name and kind is not None:
            inside = (*inside, f"{name}.")
            normalizations = (*normalizations, f"{name}.") if kind == "normalization" else normalizations
    return found


def _is_sequence(module: nn.Module) -> bool:
    return type(module).forward is nn.Sequential.forward


def _single_layers(modules: Mapping[str, nn.Module], kinds: dict[str, Kind | None]) -> set[str]:
    """Return the names of the nn.Sequential that hold one core, as a child of their own."""
    paths = [name.split(".")[:-1] for name, kind in kinds.items() if kind == "core"]
    cores = Counter(".".join(path[:depth]) for path in paths for depth in range(1, len(path) + 1))
    own = {".".join(path) for path in paths if path}
    return {name for name in own if cores[name] == 1 and _is_sequence(modules[name])}


def _chosen(names: Sequence[str], kind: Kind | None, selection: Selection) -> tuple[Kind, bool] | None:
    """Return what a module is and whether it may begin a layer; None where it is no part."""
    takes = selection.takes(names, layer=kind in ("core", "normalization"))
    if kind == "normalization" or (kind == "activation" and not (takes and selection.include)):
        return kind, takes
    return ("core", True) if takes and (names[0] or kind) else None


def is_inside_normalization(parts: Sequence[Part], name: str) -> bool:
    """Whether what has this name is inside a normalization."""
    return any(part.kind == "normalization" and name.startswith(f"{part.name}.") for part in parts if part.name)


def _functions(first: int, rest: Sequence[tuple[str, nn.Module]], selection: Selection) -> list[Part]:
    """List the functions that are activations, and the parameters of modules that are no parts."""
    found: list[tuple[str, nn.Module, Kind]] = [(name, cls(), "activation") for name, cls in ACTIVATIONS.items()]
    for name, module in rest:
        for own, parameter in module._parameters.items():
            path = f"{name}.{own}" if name else own
            if parameter is not None and parameter.dim() > 1 and selection.takes([as_written(path)], layer=True):
                found.append((path, OwnParameter(parameter), "core"))
    return [
        Part(name, module, kind, index, function=True) for index, (name, module, kind) in enumerate(found, start=first)
    ]


def as_written(name: str) -> str:
    """Return a module's name as its network's author knows it: compiling puts another module around it."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")
