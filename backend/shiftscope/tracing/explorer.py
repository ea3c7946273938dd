"""Exploring one forward pass: which modules are called in which order, and what the layers are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from typing_extensions import override

from shiftscope.tracing.errors import NO_FORWARD, WatchError
from shiftscope.tracing.forward_patch import PassObserver
from shiftscope.tracing.layers import Call, Layer, Part, Site, find_layers
from shiftscope.tracing.normalize import normalize

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Exploration:
    """What one forward pass showed.

    Attributes:
        layers: in forward order.
        order: the index of the part of each call.
        overwriting: parts that write over their input.
        calls: the tensors of each call, as they were made; `forget` lets go of them.
        gradients: by these tensors, by call and end.
    """

    layers: list[Layer]
    order: tuple[int, ...]
    overwriting: frozenset[int]
    calls: list[Call]
    gradients: dict[tuple[int, int], Tensor]

    def values(self, site: Site) -> Tensor:
        """Return a site's values, those of all its calls together."""
        calls = [self.calls[position] for position in site.calls]
        ends = [output if site.end else given for _, given, output in calls]
        if site.normalization is not None:
            ends = [normalize(site.normalization, tensor) for tensor in ends]
        return together(ends)

    def forget(self) -> None:
        """Let go of all tensors."""
        self.calls.clear()
        self.gradients.clear()


class Explorer(PassObserver):
    """Keeps the tensors of a forward pass, the last one with a graph.

    Args:
        parts: the modules whose calls count.
        gradients: whether to keep the gradients by the pass's tensors, too.
    """

    def __init__(self, parts: Sequence[Part], *, gradients: bool = False) -> None:
        self._parts = parts
        self._keep_gradients = gradients
        self._calls: list[Call] = []
        self._originals: list[Call] = []
        self._gradients: dict[tuple[int, int], Tensor] = {}
        self._overwriting: set[int] = set()
        self._under_way = False

    @override
    def begin(self) -> None:
        self.forget()
        self._under_way = True

    @override
    def end(self) -> None:
        self._under_way = False

    def forget(self) -> None:
        """Let go of all tensors."""
        self._calls.clear()
        self._originals.clear()
        self._gradients.clear()

    def result(self) -> Exploration:
        """Return what the pass showed, which from then on holds the tensors.

        Raises:
            WatchError: there was none.
        """
        if not self._calls:
            raise WatchError(NO_FORWARD)
        layers = find_layers(self._parts, self._originals)
        order = tuple(index for index, _, _ in self._calls)
        found = Exploration(layers, order, frozenset(self._overwriting), self._calls, self._gradients)
        self._calls, self._gradients = [], {}
        self._originals.clear()
        return found

    @override
    def wrap(self, part: int, forward: Callable[P, R]) -> Callable[P, R]:

        def explore(*arguments: P.args, **keywords: P.kwargs) -> R:
            if not self._under_way:
                return forward(*arguments, **keywords)
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            kept = given.detach().clone()
            keep_gradient_of_given = self._gradient_keeper(given)
            version = given._version
            output: Any = forward(*arguments, **keywords)
            if given._version != version:
                self._overwriting.add(part)
            call = len(self._calls)
            keep_gradient_of_given(call, 0)
            self._gradient_keeper(output)(call, 1)
            self._originals.append((part, given, output))
            self._calls.append((part, kept, output.detach().clone()))
            returned: R = output
            return returned

        return explore

    def _gradient_keeper(self, tensor: Tensor) -> Callable[[int, int], None]:
        """Return what names a tensor's call and end afterwards; it is hooked now, before it may be written over."""
        key: list[tuple[int, int]] = []
        gradients = self._gradients

        def keep(gradient: Tensor) -> None:
            gradients[key[0]] = gradient.clone()

        if self._keep_gradients and tensor.requires_grad:
            tensor.register_hook(keep)  # type: ignore[no-untyped-call]  # torch's
        return lambda call, end: key.append((call, end))


def together(tensors: Sequence[Tensor]) -> Tensor:
    """Join what several calls of one part passed: the layer's values are all of them."""
    if len(tensors) == 1:
        return tensors[0]
    alike = len({tensor.shape[1:] for tensor in tensors}) == 1
    return torch.cat(list(tensors)) if alike else torch.cat([tensor.reshape(-1) for tensor in tensors])
