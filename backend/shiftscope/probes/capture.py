"""Seeing what goes into and comes out of a network's modules, only while it is wanted.

While armed, the network's own `forward` is replaced on the instance; for the length of a forward pass that builds a
graph, so are those of its parts. An evaluation under no_grad costs nothing, and a copy or pickle made at any time is
that of an unwatched network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import MethodType
from typing import Any, NamedTuple, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from shiftscope.probes.structure import Call, Layer, Part, find_layers

Forward = Callable[..., Any]
P = ParamSpec("P")
R = TypeVar("R")


class WatchError(Exception):
    """A network that cannot be watched, or is not used as watching needs."""


_NO_FORWARD = (
    "no forward pass through the watched network was seen before its gradients were measured. Call the module that was "
    "given to watch() itself, with gradients enabled, after watch()."
)


class Tap:
    """Stands at the entrance of a network and looks at the parts that a forward pass comes by.

    The first pass that builds a graph is explored: its tensors are kept, as they are when made, to find out the layers.
    After that `look_with` says what happens.
    """

    def __init__(self, root: nn.Module, parts: Sequence[Part], *, gradients: bool = False) -> None:
        """Stand at `root`; `gradients` says whether to keep those by the explored pass's tensors, too."""
        _refuse_compiled(root)
        self.parts = parts
        self.calls: list[Call] = []
        """The explored pass, until `clear`."""
        self.gradients: dict[tuple[int, int], Tensor] = {}
        """Those by the explored pass's tensors, by call and end."""
        self.overwriting: set[int] = set()
        """Parts that write over their input."""
        self._keep_gradients = gradients
        self.inputs: tuple[Any, ...] = ()
        """Positional arguments of the last pass."""
        self.passed = False
        """Whether there was a pass since `clear`."""
        self._originals: list[Call] = []
        self._aside = False
        self._look = True
        self.unexplored = True
        """Whether `discover` is still to come."""
        self._begin: Callable[[], None] = self._forget
        self._entrance = _Entrance(self, root)
        self._root = root
        self._stand_ins = [
            _StandIn(part.module, self._exploring(index, part.module.forward)) for index, part in enumerate(parts)
        ]

    def arm(self, *, look: bool = True) -> None:
        """Notice forward passes from now on; look at their parts, unless only that there was one counts."""
        self._look = look or self.unexplored
        self._entrance.install()

    @property
    def first_input(self) -> Tensor:
        """The first argument of the last pass. Raises WatchError where that is no tensor, or there was no pass."""
        if not self.passed:
            raise WatchError(_NO_FORWARD)
        if not self.inputs or not isinstance(self.inputs[0], Tensor):
            raise WatchError("the network's first argument is no tensor: give measure() the step's batch")
        return self.inputs[0]

    def disarm(self) -> None:
        """Let go of the network and of all that is kept."""
        self._entrance.remove()
        self.clear()

    def clear(self) -> None:
        """Let go of all that is kept of the last pass."""
        if self.calls:
            self._forget()
        self.inputs = ()
        self.passed = False

    def discover(self) -> list[Layer]:
        """Find the layers from the explored pass.

        Raises:
            WatchError: there was none.
        """
        if not self.calls:
            raise WatchError(_NO_FORWARD)
        self.unexplored = False
        return find_layers(self.parts, self._originals)

    def look_with(self, stand_in: Callable[[int, Forward], Forward | None], begin: Callable[[], None]) -> None:
        """Let, in later passes, `stand_in(index, forward)` replace parts' forwards; call `begin` before each pass.

        A part for which it gives None is left alone.
        """
        self._stand_ins = self._replacements(stand_in)
        self._begin = begin

    @contextmanager
    def aside(self, stand_in: Callable[[int, Forward], Forward | None] | None = None) -> Iterator[None]:
        """Let passes in the block be no part of training; `stand_in`, if any, replaces parts' forwards in them."""
        self._aside = True
        try:
            with _installed(self._replacements(stand_in) if stand_in else ()):
                yield
        finally:
            self._aside = False

    def run(self, forward: Callable[P, R], *arguments: P.args, **keywords: P.kwargs) -> R:
        """Carry out one forward pass of the network, and look at it if it builds a graph."""
        if self._aside or not torch.is_grad_enabled():
            return forward(*arguments, **keywords)
        self.inputs = arguments
        self.passed = True
        if not self._look:
            return forward(*arguments, **keywords)
        self._begin()
        stand_ins = self._stand_ins
        if len(stand_ins) == 1 and stand_ins[0].module is self._root:
            own: Callable[P, R] = stand_ins[0].forward
            return own(*arguments, **keywords)
        with _installed(stand_ins):
            return forward(*arguments, **keywords)

    def _replacements(self, stand_in: Callable[[int, Forward], Forward | None]) -> list[_StandIn]:
        made = [(part.module, stand_in(index, part.module.forward)) for index, part in enumerate(self.parts)]
        return [_StandIn(module, forward) for module, forward in made if forward is not None]

    def _forget(self) -> None:
        self.calls.clear()
        self.gradients.clear()
        self._originals.clear()

    def _exploring(self, index: int, forward: Callable[P, R]) -> Callable[P, R]:
        def explore(*arguments: P.args, **keywords: P.kwargs) -> R:
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            kept = given.detach().clone()
            gradient_of_given = self._gradient_keeper(given)
            version = given._version
            output: Any = forward(*arguments, **keywords)
            if given._version != version:
                self.overwriting.add(index)
            call = len(self.calls)
            gradient_of_given(call, 0)
            self._gradient_keeper(output)(call, 1)
            self._originals.append((index, given, output))
            self.calls.append((index, kept, output.detach().clone()))
            returned: R = output
            return returned

        return explore

    def _gradient_keeper(self, tensor: Tensor) -> Callable[[int, int], None]:
        """Return what is to be told the call and end of a tensor; it is hooked now, before it may be written over."""
        key: list[tuple[int, int]] = []

        def keep(gradient: Tensor) -> None:
            self.gradients[key[0]] = gradient.clone()

        if self._keep_gradients and tensor.requires_grad:
            tensor.register_hook(keep)  # type: ignore[no-untyped-call]  # torch's
        return lambda call, end: key.append((call, end))


class _StandIn(NamedTuple):
    module: nn.Module
    forward: Forward


class _installed:  # noqa: N801  a context manager as a class costs a third of one as a generator
    """Replaces modules' forwards in a block."""

    __slots__ = ("_own", "_stand_ins")

    def __init__(self, stand_ins: Sequence[_StandIn]) -> None:
        self._stand_ins = stand_ins
        self._own: list[Forward | None] = []

    def __enter__(self) -> None:
        for module, forward in self._stand_ins:
            state = module.__dict__
            self._own.append(state.get("forward"))
            state["forward"] = forward

    def __exit__(self, *_: object) -> None:
        for (module, _forward), own in zip(self._stand_ins, self._own, strict=True):
            if own is None:
                del module.__dict__["forward"]
            else:
                module.__dict__["forward"] = own


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
