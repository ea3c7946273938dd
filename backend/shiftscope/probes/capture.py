"""Seeing what goes into and comes out of a network's modules, only while it is wanted.

While armed, the network's own `forward` is replaced on the instance; for the length of a forward pass that builds a
graph, so are those of its parts. An evaluation under no_grad costs nothing, and a copy or pickle made at any time is
that of an unwatched network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, ParamSpec, TypeVar

import torch
from torch import nn

from shiftscope.probes.structure import Call, Layer, Part, find_layers

Forward = Callable[..., Any]
P = ParamSpec("P")
R = TypeVar("R")


class WatchError(Exception):
    """A network that cannot be watched, or is not used as watching needs."""


class Tap:
    """Stands at the entrance of a network and looks at the parts that a forward pass comes by.

    The first pass that builds a graph is explored: its tensors are kept, as they are when made, to find out the layers.
    After that `look_with` says what happens.
    """

    def __init__(self, root: nn.Module, parts: Sequence[Part]) -> None:
        _refuse_compiled(root)
        self.parts = parts
        self.calls: list[Call] = []
        """The explored pass, until `clear`."""
        self.inputs: tuple[Any, ...] = ()
        """Positional arguments of the last pass."""
        self.passed = False
        """Whether there was a pass since `clear`."""
        self._originals: list[Call] = []
        self._begin: Callable[[], None] = self._forget
        self._entrance = _Entrance(self, root)
        self._root = root
        self._stand_ins = [
            _StandIn(part.module, self._exploring(index, part.module.forward)) for index, part in enumerate(parts)
        ]

    def arm(self) -> None:
        """Look at forward passes from now on."""
        self._entrance.install()

    def disarm(self) -> None:
        """Let go of the network and of all that is kept."""
        self._entrance.remove()
        self.clear()

    def clear(self) -> None:
        """Let go of all that is kept of the last pass."""
        self._forget()
        self.inputs = ()
        self.passed = False

    def discover(self) -> list[Layer]:
        """Find the layers from the explored pass.

        Raises:
            WatchError: there was none.
        """
        if not self.calls:
            raise WatchError(
                "no forward pass through the watched network was seen before its gradients were measured. Call the "
                "module that was given to watch() itself, with gradients enabled, after watch()."
            )
        return find_layers(self.parts, self._originals)

    def look_with(self, recorder: Callable[[int, Forward], Forward | None], begin: Callable[[], None]) -> None:
        """Let, in later passes, `recorder(index, forward)` stand in for parts' forwards; call `begin` before each pass.

        A part for which it gives None is left alone.
        """
        made = [(part.module, recorder(index, part.module.forward)) for index, part in enumerate(self.parts)]
        self._stand_ins = [_StandIn(module, forward) for module, forward in made if forward is not None]
        self._begin = begin

    def run(self, forward: Callable[P, R], *arguments: P.args, **keywords: P.kwargs) -> R:
        """Carry out one forward pass of the network, and look at it if it builds a graph."""
        if not torch.is_grad_enabled():
            return forward(*arguments, **keywords)
        self._begin()
        self.inputs = arguments
        self.passed = True
        stand_ins = self._stand_ins
        if len(stand_ins) == 1 and stand_ins[0].module is self._root:
            own: Callable[P, R] = stand_ins[0].forward
            return own(*arguments, **keywords)
        for stand_in in stand_ins:
            stand_in.state["forward"] = stand_in.forward
        try:
            return forward(*arguments, **keywords)
        finally:
            for stand_in in stand_ins:
                if stand_in.own is None:
                    del stand_in.state["forward"]
                else:
                    stand_in.state["forward"] = stand_in.own

    def _forget(self) -> None:
        self.calls.clear()
        self._originals.clear()

    def _exploring(self, index: int, forward: Callable[P, R]) -> Callable[P, R]:
        def explore(*arguments: P.args, **keywords: P.kwargs) -> R:
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            kept = given.detach().clone()
            output: Any = forward(*arguments, **keywords)
            self._originals.append((index, given, output))
            self.calls.append((index, kept, output.detach().clone()))
            returned: R = output
            return returned

        return explore


class _StandIn:
    """What replaces a module's forward during a pass, and what it replaces."""

    __slots__ = ("forward", "module", "own", "state")

    def __init__(self, module: nn.Module, forward: Forward) -> None:
        self.module, self.forward = module, forward
        self.state = module.__dict__
        self.own: Forward | None = self.state.get("forward")


class _Entrance:
    """Stands in for the `forward` of a watched network while its tap is armed."""

    def __init__(self, tap: Tap, root: nn.Module) -> None:
        self._tap, self._root = tap, root
        self._own: Forward | None = None
        self._forward: Forward = root.forward

    def install(self) -> None:
        state = self._root.__dict__
        if state.get("forward") is not self:
            self._own = state.get("forward")
            self._forward = self._root.forward
            state["forward"] = self

    def remove(self) -> None:
        state = self._root.__dict__
        if state.get("forward") is self:
            if self._own is None:
                del state["forward"]
            else:
                state["forward"] = self._own

    def __call__(self, *arguments: object, **keywords: object) -> object:
        return self._tap.run(self._forward, *arguments, **keywords)

    # A copy or a pickle of the network, taken while armed, has the method that it would have had without.
    def __deepcopy__(self, memo: dict[int, Any]) -> MethodType:
        return MethodType(type(self._root).forward, memo.get(id(self._root), self._root))

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._root, "forward")  # looked up before the copy has a state, and so on its class


def _refuse_compiled(root: nn.Module) -> None:
    for name, module in root.named_modules():
        compiled = hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
        if compiled or isinstance(module, torch.jit.ScriptModule):
            raise WatchError(
                f"{name or type(module).__name__} is compiled, and compiled code has no layers left to look into. "
                "Train the uncompiled module while it is watched (skip torch.compile, or give watch() the module as "
                "it was before)."
            )
