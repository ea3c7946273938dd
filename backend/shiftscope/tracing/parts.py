"""Which modules of a network, and which functions, make up its layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

from shiftscope.tracing.functions import ACTIVATIONS
from shiftscope.tracing.kinds import Kind, OwnParameter, has_several_matrices, kind_of
from shiftscope.tracing.selection import EVERY_LAYER, Selection


class Part(NamedTuple):
    """A module whose calls are recorded.

    Attributes:
        name: as the network has it.
        module: that is called.
        kind: what it is.
        index: its place among the parts of its network.
        block: name of the nn.Sequential that it is an element of, if any.
        begins: whether it may begin a layer.
        function: whether it is a function, or a parameter that functions multiply with; its module stands for it.
    """

    name: str
    module: nn.Module
    kind: Kind
    index: int  # type: ignore[assignment]  # not tuple's method
    block: str = ""
    begins: bool = True
    function: bool = False


def find_parts(root: nn.Module, selection: Selection = EVERY_LAYER) -> list[Part]:
    """List the modules whose calls make up layers, in order of registration; a module used twice is one part.

    Then the functions that are activations, and the parameters that no part is for.
    """
    parts: list[Part] = []
    rest: list[tuple[str, nn.Module]] = []
    kinds = _kinds(root)
    single = _single_layers(root, kinds)
    for name, module in root.named_modules():
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
            block = block if _is_sequence(root, block) else ""
            parts.append(Part(name, module, chosen[0], len(parts), block, begins=chosen[1]))
    return parts + _functions(len(parts), rest, selection)


def _kinds(root: nn.Module) -> dict[str, Kind | None]:
    """Return what each module is, without those that belong to a part around them."""
    found: dict[str, Kind | None] = {}
    inside: tuple[str, ...] = ()
    normalizations: tuple[str, ...] = ()
    for name, module in root.named_modules():
        kind = kind_of(name, module)
        # A normalization may have an activation of its own.
        if inside and name.startswith(inside) and not (kind == "activation" and name.startswith(normalizations)):
            continue
        found[name] = None if not name and kind == "core" and has_several_matrices(module) else kind
        if name and kind is not None:
            inside = (*inside, f"{name}.")
            normalizations = (*normalizations, f"{name}.") if kind == "normalization" else normalizations
    return found


def _is_sequence(root: nn.Module, name: str) -> bool:
    return type(root.get_submodule(name)).forward is nn.Sequential.forward


def _single_layers(root: nn.Module, kinds: dict[str, Kind | None]) -> set[str]:
    """Return the names of the nn.Sequential that hold one core, as a child of their own."""
    paths = [name.split(".")[:-1] for name, kind in kinds.items() if kind == "core"]
    cores = Counter(".".join(path[:depth]) for path in paths for depth in range(1, len(path) + 1))
    own = {".".join(path) for path in paths if path}
    return {name for name in own if cores[name] == 1 and _is_sequence(root, name)}


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
