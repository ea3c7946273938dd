"""Where a network keeps what is recorded of it, so that a module or parameter that is replaced is found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any

from torch import nn

Held = tuple[Mapping[str, Any], str]
"""A module's mapping of parameters or buffers, and a name there."""


class Homes:
    """Finds parameters and vectors of a network by the names that they had when the recording began.

    Args:
        network: that they belong to.
        parameters: whose gradients are recorded.
        vectors: each by the mapping that holds it and its name there.

    Attributes:
        parameters: as they are now.
        missing: indices of those that are no longer there.
        vectors: as they are now.
    """

    def __init__(self, network: nn.Module, parameters: Sequence[nn.Parameter], vectors: Sequence[Held]) -> None:
        self._network = network
        paths: dict[int, str] = {}
        names: dict[int, tuple[str, str]] = {}
        for path, module in network.named_modules():
            paths[id(module._parameters)] = paths[id(module._buffers)] = path
            for own, parameter in module._parameters.items():
                names.setdefault(id(parameter), (path, own))
        self._gone = nn.Parameter(requires_grad=False)
        self._parameter_names = [names.get(id(parameter)) for parameter in parameters]
        of_parameters = {id(module._parameters) for module in network.modules()}
        self._vector_paths = [(paths.get(id(held)), id(held) in of_parameters) for held, _ in vectors]
        self.parameters = list(parameters)
        self.missing: list[int] = []
        self.vectors: list[Held] = list(vectors)
        self._holders = self._held_parameters(dict(network.named_modules()))

    def refresh(self, *, modules_changed: bool) -> bool:
        """Find everything again, if anything was replaced; return whether it was."""
        if not modules_changed and all(map(is_, map(dict.get, *self._holders), self._held)):
            return False
        modules = dict(self._network.named_modules())
        for index, name in enumerate(self._parameter_names):
            if name is not None:
                module = modules.get(name[0])
                found = module._parameters.get(name[1]) if module is not None else None
                self.parameters[index] = self._gone if found is None else found
        self.missing = [index for index, one in enumerate(self.parameters) if one is self._gone]
        for index, (path, of_parameters) in enumerate(self._vector_paths):
            module = None if path is None else modules.get(path)
            if module is not None:
                own = self.vectors[index][1]
                self.vectors[index] = (module._parameters if of_parameters else module._buffers), own
        self._holders = self._held_parameters(modules)
        return True

    def _held_parameters(self, modules: Mapping[str, nn.Module]) -> tuple[list[Any], list[str]]:
        """List the mappings that hold the parameters and their names there; note what is held there now.

        That is nothing, of one that is gone: it may come back.
        """
        found = [
            (modules[name[0]]._parameters, name[1], None if parameter is self._gone else parameter)
            for name, parameter in zip(self._parameter_names, self.parameters, strict=True)
            if name is not None and name[0] in modules
        ]
        self._held = [parameter for _, _, parameter in found]
        return [mapping for mapping, _, _ in found], [own for _, own, _ in found]
