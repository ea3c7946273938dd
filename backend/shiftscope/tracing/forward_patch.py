"""Patching a network's forward passes, only while something is measured.

While the patch is installed, the `forward` of the network and of its parts are replaced on the instances, which costs a
pass less than hooks do. The parts are observed in forward passes of the network that build a graph, and in no others; a
copy or pickle made at any time is that of an unwatched network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import MethodType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from shiftscope.tracing.errors import NO_FORWARD, WatchError
from shiftscope.tracing.layers import Part

Forward = Callable[..., Any]
Wrap = Callable[[int, Forward], Forward | None]
"""Returns what is called instead of the forward of the part of that index; None leaves it alone."""


class PassObserver(Protocol):
    """What observes the forward passes of a network."""

    def begin(self) -> None:
        """Begin to observe a pass."""

    def end(self) -> None:
        """End: until the next pass the wrapped forwards do what the forwards do."""

    def wrap(self, part: int, forward: Forward) -> Forward | None:
        """Return what is called instead of a part's forward; None leaves it alone."""


class ForwardPatch:
    """Stands at the entrance of a network, and lets an observer stand at its parts.

    Attributes:
        inputs: positional arguments of the last pass.
        passed: whether there was a pass since `clear`.
    """

    def __init__(self, root: nn.Module, parts: Sequence[Part], observer: PassObserver) -> None:
        _refuse_compiled(root)
        self.inputs: tuple[Any, ...] = ()
        self.passed = False
        self._parts = parts
        self._forwards = [part.module.forward for part in parts]
        self._root = root
        self._own_forward: Forward = root.forward
        self._entrance = _Patches([(root, self._run)])
        self._aside = False
        self._observing = True
        self._install(observer)

    def install(self, *, parts: bool = True) -> None:
        """Notice forward passes from now on; observe their parts, unless only that there was one counts."""
        self._observing = parts
        self._entrance.install()
        if parts:
            self._patches.install()
        else:
            self._patches.remove()

    def remove(self) -> None:
        """Let go of the network and of the last pass."""
        self._patches.remove()
        self._entrance.remove()
        self.clear()

    @property
    def first_input(self) -> Tensor:
        """The first argument of the last pass. Raises WatchError where that is no tensor, or there was no pass."""
        if not self.passed:
            raise WatchError(NO_FORWARD)
        if not self.inputs or not isinstance(self.inputs[0], Tensor):
            raise WatchError("the network's first argument is no tensor: give measure() the step's batch")
        return self.inputs[0]

    def clear(self) -> None:
        """Let go of the last pass."""
        self.inputs = ()
        self.passed = False

    def observe_with(self, observer: PassObserver) -> None:
        """Let another observer stand at the parts from now on."""
        installed = self._patches.installed
        self._patches.remove()
        self._install(observer)
        if installed:
            self._patches.install()

    @contextmanager
    def aside(self, wrap: Wrap | None = None) -> Iterator[None]:
        """Let passes in the block be no part of training; `wrap`, if any, replaces parts' forwards in them."""
        patches = _Patches(self._wrapped(wrap) if wrap else ())
        self._aside = True
        patches.install()
        try:
            yield
        finally:
            patches.remove()
            self._aside = False

    def _install(self, observer: PassObserver) -> None:
        wrapped = self._wrapped(observer.wrap)
        self._through = next((forward for module, forward in wrapped if module is self._root), self._own_forward)
        self._patches = _Patches([(module, forward) for module, forward in wrapped if module is not self._root])
        self._begin, self._end = observer.begin, observer.end

    def _run(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  whatever the network takes and gives
        """Carry out one forward pass of the network, and observe it if it builds a graph."""
        if self._aside or not torch.is_grad_enabled():
            return self._own_forward(*arguments, **keywords)
        self.inputs = arguments
        self.passed = True
        if not self._observing:
            return self._own_forward(*arguments, **keywords)
        self._begin()
        try:
            return self._through(*arguments, **keywords)
        finally:
            self._end()

    def _wrapped(self, wrap: Wrap) -> list[tuple[nn.Module, Forward]]:
        made = [
            (part.module, wrap(index, forward))
            for index, (part, forward) in enumerate(zip(self._parts, self._forwards, strict=True))
        ]
        return [(module, forward) for module, forward in made if forward is not None]


class _Patches:
    """Replaces modules' forwards on the instances; what was there before comes back."""

    def __init__(self, replacements: Sequence[tuple[nn.Module, Forward]]) -> None:
        self._patches = [(module, _patched(forward, module)) for module, forward in replacements]
        self._before: list[Forward | None] = []
        self.installed = False

    def install(self) -> None:
        if not self.installed:
            self.installed = True
            self._before = [module.__dict__.get("forward") for module, _ in self._patches]
            for module, patched in self._patches:
                module.__dict__["forward"] = patched

    def remove(self) -> None:
        if self.installed:
            self.installed = False
            for (module, patched), before in zip(self._patches, self._before, strict=True):
                if module.__dict__.get("forward") is not patched:
                    continue  # somebody has put another one there since
                if before is None:
                    del module.__dict__["forward"]
                else:
                    module.__dict__["forward"] = before


class PatchedForward(partial[Any]):
    """Stands in for a module's forward. A copy or a pickle of the module has the method that it has without."""

    module: nn.Module
    instead_of: Forward
    """What the module does without."""

    def __deepcopy__(self, memo: dict[int, Any]) -> MethodType:
        return MethodType(type(self.module).forward, memo.get(id(self.module), self.module))

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.module, "forward")  # looked up before the copy has a state, and so on its class


def _patched(forward: Forward, module: nn.Module) -> PatchedForward:
    made = PatchedForward(forward)
    made.module, made.instead_of = module, own_forward(module)
    return made


def own_forward(module: nn.Module) -> Forward:
    """Return what a module does in its forward pass, watched or not."""
    forward: Forward = module.forward
    return forward.instead_of if isinstance(forward, PatchedForward) else forward


def _refuse_compiled(root: nn.Module) -> None:
    for name, module in root.named_modules():
        compiled = hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
        if compiled or isinstance(module, torch.jit.ScriptModule):
            raise WatchError(
                f"{name or type(module).__name__} is compiled, and compiled code has no layers left to look into. "
                "Train the uncompiled module while it is watched (skip torch.compile, or give watch() the module as "
                "it was before)."
            )
