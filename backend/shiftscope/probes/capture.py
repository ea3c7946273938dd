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
    """Records the calls of a network's parts in its last forward pass that built a graph."""

    def __init__(self, root: nn.Module, parts: Sequence[Part]) -> None:
        _refuse_compiled(root)
        self.parts = parts
        self.calls: list[Call] = []
        self.inputs: tuple[Any, ...] = ()
        """Positional arguments of the recorded forward pass."""
        self.layers: list[Layer] | None = None
        """Known once a recorded pass has been looked at with `discover`."""
        self._copies: list[Call] = []
        self._versions: list[tuple[int, int]] = []
        self._sequence: list[int] = []
        self._entrance = _Entrance(self, root)
        self._own = next((index for index, part in enumerate(parts) if part.module is root), None)
        self._recorders = [
            (part.module, part.module.__dict__.get("forward"), self._exploring(index, part.module.forward))
            for index, part in enumerate(parts)
        ]

    def arm(self) -> None:
        """Record forward passes from now on."""
        self._entrance.install()

    def disarm(self) -> None:
        """Let go of the network and of all that was recorded."""
        self._entrance.remove()
        self.clear()

    def clear(self) -> None:
        """Let go of what was recorded."""
        self.calls.clear()
        self._copies.clear()
        self._versions.clear()
        self.inputs = ()

    def discover(self) -> list[Layer]:
        """Find the layers from the recorded pass; later ones are expected to be like it.

        Raises:
            WatchError: nothing was recorded.
        """
        if not self.calls:
            raise WatchError(
                "no forward pass through the watched network was seen before its gradients were measured. Call the "
                "module that was given to watch() itself, with gradients enabled, after watch()."
            )
        self.layers = find_layers(self.parts, self.calls)
        self._sequence = [index for index, _, _ in self.calls]
        overwritten: set[tuple[int, int]] = set()
        for (index, *tensors), versions in zip(self.calls, self._versions, strict=True):
            overwritten.update((index, end) for end in (0, 1) if tensors[end]._version != versions[end])
        self.calls[:] = self._copies
        self._copies.clear()
        self._recorders = [
            (module, own, self._recording(index, module.forward, overwritten))
            for index, (module, own, _) in enumerate(self._recorders)
        ]
        return self.layers

    def as_discovered(self) -> bool:
        """Whether the recorded pass called the same parts in the same order as the one that was looked at."""
        return [call[0] for call in self.calls] == self._sequence

    def run(self, forward: Callable[P, R], *arguments: P.args, **keywords: P.kwargs) -> R:
        """Carry out one forward pass of the network, recorded if it builds a graph."""
        if not torch.is_grad_enabled():
            return forward(*arguments, **keywords)
        self.clear()
        self.inputs = arguments
        if self._own is not None:
            own_forward: Callable[P, R] = self._recorders[self._own][2]
            return own_forward(*arguments, **keywords)
        for module, _, recorder in self._recorders:
            module.__dict__["forward"] = recorder
        try:
            return forward(*arguments, **keywords)
        finally:
            for module, own, _ in self._recorders:
                if own is None:
                    del module.__dict__["forward"]
                else:
                    module.__dict__["forward"] = own

    def _recording(self, index: int, forward: Callable[P, R], overwritten: set[tuple[int, int]]) -> Callable[P, R]:
        record = self.calls.append
        copy_input, copy_output = (index, 0) in overwritten, (index, 1) in overwritten

        def plain(*arguments: P.args, **keywords: P.kwargs) -> R:
            output: Any = forward(*arguments, **keywords)
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            record((index, given, output))
            returned: R = output
            return returned

        def copying(*arguments: P.args, **keywords: P.kwargs) -> R:
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            kept = given.detach().clone() if copy_input else given
            output: Any = forward(*arguments, **keywords)
            record((index, kept, output.detach().clone() if copy_output else output))
            returned: R = output
            return returned

        return copying if copy_input or copy_output else plain

    def _exploring(self, index: int, forward: Callable[P, R]) -> Callable[P, R]:
        """Record the first pass, whose tensors may all be written to later: copy them, and note what is written to."""

        def explore(*arguments: P.args, **keywords: P.kwargs) -> R:
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            kept, version = given.detach().clone(), given._version
            output: Any = forward(*arguments, **keywords)
            self.calls.append((index, given, output))
            self._copies.append((index, kept, output.detach().clone()))
            self._versions.append((version, output._version))
            returned: R = output
            return returned

        return explore


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
