"""Seeing a network's forward passes: which layer each call of its parts belongs to, and what passed there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, Protocol
from weakref import ref

import torch
from torch import Tensor, nn
from typing_extensions import override

from shiftscope.tracing.journal import Arguments, Call, Journal, Keywords, Pass
from shiftscope.tracing.layers import Part, find_parts
from shiftscope.tracing.taps import Watcher, is_compiled, tap, untap

Given = Callable[[Call, Tensor], None]
Output = Callable[[Call, Tensor, Tensor], None]

_Held = tuple[Mapping[str, nn.Parameter | None], str, nn.Parameter]
"""A module's parameters, and the name of one there."""

_MOST_PRODUCERS = 4096
"""Outputs whose layer is remembered at most, where parts are called by themselves and no pass begins or ends."""


class PartObserver(Protocol):
    """Who is shown what passes the parts of a network."""

    def before(self, part: int) -> Given | None:
        """Return what is shown a part's input before the part is called; None where nobody wants it."""

    def after(self, part: int) -> Output | None:
        """Return what is shown a part's input and output after its call; None where nobody wants them."""


class _Nobody(PartObserver):
    """Shows nothing to anybody."""

    @override
    def before(self, part: int) -> None:
        return None

    @override
    def after(self, part: int) -> None:
        return None


_NOBODY = _Nobody()


class Tracer:
    """Watches a network and its parts while it is armed.

    Calls count that build a graph, or are part of a pass that does. An error of an observer is reported, never raised:
    it is no business of the training.

    Args:
        root: the network.
        failed: told of an error, with the index of the part at which it was made.
        any_pass: whether passes that build no graph count as well.

    Attributes:
        parts: the modules whose calls are of interest, as they are now.
        journal: of the calls since the last update.
        last_pass: the last one that built a graph.
        failed_passes: how many passes raised an error of the network's own, so far.
        on_call: called, if anything, when a call or pass that counts may be the first one after an update.
    """

    def __init__(
        self, root: nn.Module, failed: Callable[[int, Exception], None], *, any_pass: bool = False
    ) -> None:  # fmt: skip
        self.root = root
        self._any_pass = any_pass
        self.parts: list[Part] = find_parts(root)
        self.journal = Journal(self.trained_parameter)
        self.last_pass: Pass | None = None
        self.failed_passes = 0
        self.on_call: Callable[[], None] | None = None
        self._failed = failed
        self._within: Pass | None = None
        self._depth = 0
        self._current: Call | None = None
        self._producers: dict[int, tuple[ref[Tensor], Call]] = {}
        self._tapped: list[tuple[nn.Module, Watcher]] = []
        self._observer: PartObserver | None = None
        self._lead: int | None = None
        self._thread: int | None = None
        self._silent: set[int] = set()
        self._trained: dict[int, _Held] = {}
        self._holders = self._list_holders()

    @property
    def armed(self) -> bool:
        """Whether anything is watched."""
        return bool(self._tapped)

    @property
    def blind(self) -> bool:
        """Whether the network is compiled as a whole, so that none of its passes is seen."""
        return is_compiled(self.root)

    @property
    def lead(self) -> int:
        """A part whose calls stand for those of the network."""
        return next((part.index for part in self.parts if part.kind == "linear"), 0)

    def observe_with(self, observer: PartObserver) -> None:
        """Show all that passes to an observer, from now on."""
        armed = self.armed
        self.disarm()
        self._observer = observer
        if armed:
            self.arm(lead=self._lead)

    def arm(self, *, lead: int | None = None) -> None:
        """Watch the network and its parts; or, to know when it is called, only itself and a part that leads it."""
        if self.armed and self._lead == lead:
            return
        self.disarm()
        self._lead = lead
        watchers: dict[int, tuple[nn.Module, Watcher]] = {}
        observer = self._observer or _NOBODY
        if lead is not None:
            observer = _NOBODY
        for part in self.parts if lead is None else self.parts[lead : lead + 1]:
            watcher = self._watcher(part, observer.before(part.index), observer.after(part.index))
            if lead is not None:
                watcher = Watcher(before=self._lead_called, report=self._reporter(part.index))
            if watcher is not None:
                watchers[id(part.module)] = (part.module, watcher)
        if id(self.root) in watchers:
            watchers[id(self.root)] = (self.root, self._around(watchers[id(self.root)][1]))
        else:
            watchers[id(self.root)] = (self.root, self._around(Watcher()))
        self._tapped = list(watchers.values())
        self.journal.open_to_calls = lead is None
        for module, watcher in self._tapped:
            tap(module, watcher)

    def disarm(self) -> None:
        """Let go of the network."""
        for module, watcher in self._tapped:
            untap(module, watcher)
        self._tapped = []
        self.journal.open_to_calls = False
        self._within, self._depth, self._current = None, 0, None
        self._producers.clear()

    def clear(self) -> None:
        """Begin anew, after an update."""
        self.journal.clear()
        self.last_pass = None
        self._thread = None
        self._current = None

    def silence(self, part: int) -> None:
        """Show nothing more of a part: its observer has failed there."""
        self._silent.add(part)

    def refresh(self) -> bool:
        """Notice modules that were replaced since; return whether there were any."""
        if all(map(is_, map(dict.get, *self._holders), self._held_modules)):
            return False
        modules = dict(self.root.named_modules())
        armed = self.armed
        self.disarm()
        found = [(part, modules.get(part.name)) for part in self.parts]
        # Another kind of module in the same place is another layer: its values are not that one's.
        self.parts = [
            part if module is None or not _alike(part.module, module) else part._replace(module=module)
            for part, module in found
        ]
        self._trained.clear()
        self._holders = self._list_holders()
        if armed:
            self.arm(lead=self._lead)
        return True

    def trained_parameter(self, layer: int) -> nn.Parameter | None:
        """Return a parameter of a layer's linear map that is trained; None where there is none."""
        known = self._trained.get(layer)
        if known is None or known[0].get(known[1]) is not known[2] or not known[2].requires_grad:
            known = _trained_parameter(self.parts[layer].module)
            if known is None:
                self._trained.pop(layer, None)
                return None
            self._trained[layer] = known
        return known[2]

    def _list_holders(self) -> tuple[list[dict[str, nn.Module | None]], list[str]]:
        """List where the parts are held, mappings of their parents and names there; note what is held there now."""
        modules = dict(self.root.named_modules())
        held: list[dict[str, nn.Module | None]] = []
        names: list[str] = []
        self._held_modules: list[nn.Module] = []
        for part in self.parts:
            parent, _, own = part.name.rpartition(".")
            if part.name and parent in modules and modules.get(part.name) is part.module:
                held.append(modules[parent]._modules)
                names.append(own)
                self._held_modules.append(part.module)
        return held, names

    def _around(self, inner: Watcher) -> Watcher:
        """Return what watches the network itself, and it as a part, if it is one."""

        def begin(arguments: Arguments, keywords: Keywords) -> None:
            self._depth += 1
            if self._depth == 1 and (self._any_pass or torch.is_grad_enabled()) and self._here():
                if self._lead is None:
                    self._begin(arguments, keywords)
                else:
                    self._call_begins()
            if inner.before:
                inner.before(arguments, keywords)

        def end(arguments: Arguments, keywords: Keywords, output: object) -> None:
            if inner.after:
                inner.after(arguments, keywords, output)
            self._end()

        def failed() -> None:
            self.failed_passes += self._within is not None
            self._end()

        return Watcher(begin, end, failed, self._reporter(0))

    def _begin(self, arguments: Arguments, keywords: Keywords) -> None:
        self._call_begins()
        # Where that was the end of an update, everything begins anew: in this pass.
        self._thread, self._depth = threading.get_ident(), 1
        self._producers.clear()
        self._current = None
        if self.last_pass is not None:
            self.last_pass.forget()
        self._within = self.last_pass = Pass(arguments, keywords)

    def _call_begins(self) -> None:
        try:
            if self.on_call:
                self.on_call()
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._failed(0, error)

    def _end(self) -> None:
        self._depth = max(0, self._depth - 1)
        if not self._depth and self._within is not None:
            self.journal.end(self._within)
            self._within = None

    def _here(self) -> bool:
        """Whether this is the thread whose calls count: the one of the pass under way, or of the next that begins."""
        thread = threading.get_ident()
        if self._within is None:
            self._thread = thread
        return self._thread == thread

    def _counts(self) -> bool:
        """Whether a call of a part counts."""
        if self._within is not None:
            return self._thread == _this_thread()
        if self._depth or not torch.is_grad_enabled() or not self._here():
            return False
        if self.on_call and (self.journal.any_backward or not self.journal.any_call):
            self._call_begins()
            self._thread = threading.get_ident()
        return True

    def _watcher(self, part: Part, before: Given | None, after: Output | None) -> Watcher | None:
        if is_inside_compiled(self.root, part.name):
            return None
        if part.kind == "linear":
            return Watcher(None, self._linear(part.index, after), report=self._reporter(part.index))
        if before is None and after is None:
            return None
        early = self._early(part.index, before) if before else None
        return Watcher(early, self._follower(part.index, after), report=self._reporter(part.index))

    def _reporter(self, part: int) -> Callable[[Exception], None]:
        return lambda error: self._failed(part, error)

    def _linear(self, part: int, show: Output | None) -> Callable[[Arguments, Keywords, Any], None]:
        def returned(_arguments: Arguments, _keywords: Keywords, output: Any) -> None:  # noqa: ANN401
            try:
                if not self._counts() or not is_plain(output):
                    return
                call = self._current = self.journal.open(part, output, self._within)
                self._produced(output, call)
                if show and part not in self._silent:
                    show(call, output, output)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._failed(part, error)

        return returned

    def _early(self, part: int, show: Given) -> Callable[[Arguments, Keywords], None]:
        def called(arguments: Arguments, keywords: Keywords) -> None:
            try:
                if not self._counts():
                    return
                given = first_tensor(arguments, keywords)
                call = self._caller(given)
                if call is not None and part not in call.followed and part not in self._silent:
                    show(call, given)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._failed(part, error)

        return called

    def _lead_called(self, _arguments: Arguments, _keywords: Keywords) -> None:
        if not self._depth and torch.is_grad_enabled() and self._here():
            self._call_begins()

    def _follower(self, part: int, show: Output | None) -> Callable[[Arguments, Keywords, Any], None]:
        def returned(arguments: Arguments, keywords: Keywords, output: Any) -> None:  # noqa: ANN401
            try:
                if not self._counts():
                    return
                given = first_tensor(arguments, keywords)
                call = self._caller(given)
                if call is None or not is_plain(output):
                    return
                self._produced(output, call)
                if part not in call.followed:
                    call.followed.add(part)
                    if show and part not in self._silent:
                        show(call, given, output)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._failed(part, error)

        return returned

    def _caller(self, given: Tensor) -> Call | None:
        """Return the call that passed a tensor on; where it was transformed on the way, the last one there was."""
        known = self._producers.get(id(given))
        if known is not None and known[0]() is given:
            return known[1]
        return self._current if is_plain(given) else None

    def _produced(self, output: Tensor, call: Call) -> None:
        if len(self._producers) > _MOST_PRODUCERS:
            self._producers.clear()
        self._producers[id(output)] = ref(output), call


_this_thread = threading.get_ident
_stands_for_others = torch._C._functorch.is_functorch_wrapped_tensor
_NO_TENSOR = torch.empty(0)


def _trained_parameter(module: nn.Module) -> _Held | None:
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None and parameter.requires_grad and parameter.is_leaf:
                return part._parameters, name, parameter
    return None


def is_plain(value: Any) -> bool:  # noqa: ANN401  whatever a module gives
    """Whether something is a tensor with values of its own: not one that stands for others, as under torch.func."""
    kind = type(value)
    if kind is Tensor:  # nearly always
        return not _stands_for_others(value)
    if not isinstance(value, Tensor) or _stands_for_others(value):
        return False
    # A class that handles operations itself may have no values, as fake ones; those of DTensor lie in it.
    return kind.__torch_dispatch__ is Tensor.__torch_dispatch__ or kind.__name__ == "DTensor"


def first_tensor(arguments: Arguments, keywords: Keywords) -> Tensor:
    """Return the first tensor among the arguments; an empty one where there is none."""
    if arguments and type(arguments[0]) is Tensor:  # nearly always
        return arguments[0]
    for value in (*arguments, *keywords.values()):
        if isinstance(value, Tensor):
            return value
    return _NO_TENSOR


def is_inside_compiled(root: nn.Module, name: str) -> bool:
    """Whether a module is part of one that is compiled, or is one itself."""
    module: nn.Module | None = root
    for own in ["", *name.split(".")] if name else [""]:
        module = module._modules.get(own) if own and module is not None else module
        if module is not None and is_compiled(module):
            return True
    return False


def _alike(one: nn.Module, other: nn.Module) -> bool:
    """Whether a module may stand for another: of one kind."""
    return type(one) is type(other)
