"""Seeing what goes into and comes out of a network's modules, only while it is wanted.

While armed, the `forward` of the network and of its parts are replaced on the instances, which costs a pass less than
hooks do. The parts are looked at in forward passes of the network that build a graph, and in no others; a copy or
pickle made at any time is that of an unwatched network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import MethodType
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from shiftscope.tracing.layers import Call, Layer, Part, find_layers

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
        self._aside = self._exploring_now = False
        self._look = True
        self.unexplored = True
        """Whether `discover` is still to come."""
        self._forwards = [part.module.forward for part in parts]
        self._root = root
        self._own_forward: Forward = root.forward
        self._entrance = _Detours([(root, self._run)])
        self._look_with(self._explore, self._begin_exploring, self._end_exploring)

    def arm(self, *, look: bool = True) -> None:
        """Notice forward passes from now on; look at their parts, unless only that there was one counts."""
        self._look = look or self.unexplored
        self._entrance.install()
        if self._look:
            self._detours.install()
        else:
            self._detours.remove()

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
        self._detours.remove()
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

    def look_with(
        self, stand_in: Callable[[int, Forward], Forward | None], begin: Callable[[], None], end: Callable[[], None]
    ) -> None:
        """Let `stand_in(index, forward)` replace parts' forwards while armed.

        `begin` and `end` are called before and after each pass that is to be looked at; between passes, the stand-ins
        are to do what the forwards do. A part for which `stand_in` gives None is left alone.
        """
        installed = self._detours.installed
        self._detours.remove()
        self._look_with(stand_in, begin, end)
        if installed:
            self._detours.install()

    @contextmanager
    def aside(self, stand_in: Callable[[int, Forward], Forward | None] | None = None) -> Iterator[None]:
        """Let passes in the block be no part of training; `stand_in`, if any, replaces parts' forwards in them."""
        detours = _Detours(self._replacements(stand_in) if stand_in else ())
        self._aside = True
        detours.install()
        try:
            yield
        finally:
            detours.remove()
            self._aside = False

    def _look_with(
        self, stand_in: Callable[[int, Forward], Forward | None], begin: Callable[[], None], end: Callable[[], None]
    ) -> None:
        replacements = self._replacements(stand_in)
        self._through = next((forward for module, forward in replacements if module is self._root), self._own_forward)
        self._detours = _Detours([(module, forward) for module, forward in replacements if module is not self._root])
        self._begin, self._end = begin, end

    def _run(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  whatever the network takes and gives
        """Carry out one forward pass of the network, and look at it if it builds a graph."""
        if self._aside or not torch.is_grad_enabled():
            return self._own_forward(*arguments, **keywords)
        self.inputs = arguments
        self.passed = True
        if not self._look:
            return self._own_forward(*arguments, **keywords)
        self._begin()
        try:
            return self._through(*arguments, **keywords)
        finally:
            self._end()

    def _replacements(self, stand_in: Callable[[int, Forward], Forward | None]) -> list[tuple[nn.Module, Forward]]:
        made = [
            (part.module, stand_in(index, forward))
            for index, (part, forward) in enumerate(zip(self.parts, self._forwards, strict=True))
        ]
        return [(module, forward) for module, forward in made if forward is not None]

    def _begin_exploring(self) -> None:
        self._forget()
        self._exploring_now = True

    def _end_exploring(self) -> None:
        self._exploring_now = False

    def _forget(self) -> None:
        self.calls.clear()
        self.gradients.clear()
        self._originals.clear()

    def _explore(self, index: int, forward: Callable[P, R]) -> Callable[P, R]:
        def explore(*arguments: P.args, **keywords: P.kwargs) -> R:
            if not self._exploring_now:
                return forward(*arguments, **keywords)
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


class _Detours:
    """Replaces modules' forwards on the instances; what was there before comes back."""

    def __init__(self, replacements: Sequence[tuple[nn.Module, Forward]]) -> None:
        self._detours = [(module, _detour(forward, module)) for module, forward in replacements]
        self._before: list[Forward | None] = []
        self.installed = False

    def install(self) -> None:
        if not self.installed:
            self.installed = True
            self._before = [module.__dict__.get("forward") for module, _ in self._detours]
            for module, detour in self._detours:
                module.__dict__["forward"] = detour

    def remove(self) -> None:
        if self.installed:
            self.installed = False
            for (module, detour), before in zip(self._detours, self._before, strict=True):
                if module.__dict__.get("forward") is not detour:
                    continue  # somebody has put another one there since
                if before is None:
                    del module.__dict__["forward"]
                else:
                    module.__dict__["forward"] = before


class Detour(partial[Any]):
    """Stands in for a module's forward. A copy or a pickle of the module has the method that it has without."""

    module: nn.Module
    instead_of: Forward
    """What the module does without."""

    def __deepcopy__(self, memo: dict[int, Any]) -> MethodType:
        return MethodType(type(self.module).forward, memo.get(id(self.module), self.module))

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.module, "forward")  # looked up before the copy has a state, and so on its class


def _detour(forward: Forward, module: nn.Module) -> Detour:
    made = Detour(forward)
    made.module, made.instead_of = module, own_forward(module)
    return made


def own_forward(module: nn.Module) -> Forward:
    """Return what a module does in its forward pass, watched or not."""
    forward: Forward = module.forward
    return forward.instead_of if isinstance(forward, Detour) else forward


def _refuse_compiled(root: nn.Module) -> None:
    for name, module in root.named_modules():
        compiled = hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
        if compiled or isinstance(module, torch.jit.ScriptModule):
            raise WatchError(
                f"{name or type(module).__name__} is compiled, and compiled code has no layers left to look into. "
                "Train the uncompiled module while it is watched (skip torch.compile, or give watch() the module as "
                "it was before)."
            )
