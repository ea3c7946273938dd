"""Seeing a network's forward passes: which layer each call of its parts belongs to, and what passed there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol
from weakref import ref

import torch
from torch import Tensor, nn
from typing_extensions import override

from shiftscope.tracing.attention import AttentionTracer
from shiftscope.tracing.beneath import beneath
from shiftscope.tracing.flow import Flow
from shiftscope.tracing.function_tracer import FunctionTracer
from shiftscope.tracing.functions import FunctionCalls, Presence, without_functions
from shiftscope.tracing.held_parts import HeldParts
from shiftscope.tracing.journal import Call, Journal, Pass
from shiftscope.tracing.kinds import may_overwrite, unit_axis
from shiftscope.tracing.parts import Found, Part
from shiftscope.tracing.producers import Producers
from shiftscope.tracing.selection import EVERY_LAYER, Selection
from shiftscope.tracing.sums import SumTracer
from shiftscope.tracing.taps import Tap, Watcher, is_anything_compiled, wrapper_of
from shiftscope.tracing.values import (
    Arguments,
    Keywords,
    first_tensor,
    is_capturing,
    is_plain,
    main_tensor,
    tensors_in,
)

Given = Callable[[Call, Tensor], None]
Output = Callable[[Call, Tensor, Tensor], None]

_Begun = tuple[Call | None, bool]
"""The call that passed a part's input on, and whether it is the part's own, which begins a layer."""

_this_thread = threading.get_ident
MOST_LOOKS = 3
"""Times that something around a network is searched for, among all objects there are."""


class PartObserver(Protocol):
    """Who is shown what passes the parts of a network.

    Attributes:
        discovers: whether parts that are not known yet are to be found: residual sums, weights of attention.
    """

    discovers: bool = False

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
_NOT_BEGUN: _Begun = (None, False)


class Tracer:
    """Watches a network and its parts while it is armed.

    Calls count that build a graph, or are part of a pass that does. An error of an observer is reported, never raised:
    it is no business of the training.

    Args:
        root: the network.
        failed: told of an error, with the index of the part at which it was made; None where that is none yet.
        any_pass: whether passes that build no graph count as well.
        functions: whether functions are observed, besides modules.
        selection: which modules are to be layers.
        found: residual sums and weights of attention that are known.

    Attributes:
        journal: of the calls since the last update.
        last_pass: the last one that built a graph.
        passes: how many of these there were, so far.
        failed_passes: how many passes raised an error of the network's own, so far.
        idle_passes: how many were seen that do not count, so far: without gradients, or captured into a CUDA graph.
        functions: whether functions are observed when the parts are watched next.
        relies_on_functions: whether anything was found by what functions have passed on.
        sees_all: whether passes count that build no graph, and those of which torch.func makes another function.
        begins_pass: whether a pass of the whole network begins just now, none of whose parts is called yet.
        on_call: called, if anything, when a call or pass that counts may be the first one after an update.
    """

    def __init__(
        self, root: nn.Module, failed: Callable[[int | None, Exception], None], *, any_pass: bool = False,
        functions: bool = True, selection: Selection = EVERY_LAYER, found: Sequence[Found] = (),
    ) -> None:  # fmt: skip
        self.root = root
        self._any_pass = any_pass
        self.sees_all = False
        self.functions = functions
        self.relies_on_functions = False
        self._presence: Presence | None = None
        self._held = HeldParts(root, selection, found)
        self._flow: Flow | None = None
        self.journal = Journal(self._held.trained_parameter)
        self.last_pass: Pass | None = None
        self.passes = 0
        self.failed_passes = 0
        self.idle_passes = 0
        self.begins_pass = False
        self.on_call: Callable[[], None] | None = None
        self._failed = failed
        self._within: Pass | None = None
        self._depths: dict[int, int] = {}
        self._producers = Producers()
        self._begun: dict[int, _Begun] = {}
        self._taps: list[Tap] = []
        self._loose: list[Tap] = []
        self._observer: PartObserver | None = None
        self._leads: tuple[int, ...] | None = None
        self._thread: int | None = None
        self._silent: set[int] = set()
        self._wrapper: ref[nn.Module] | None = None
        self._looked_around = 0

    @property
    def armed(self) -> bool:
        """Whether anything is watched."""
        return bool(self._taps)

    @property
    def hides_parts(self) -> bool:
        """Whether the network or anything in it is compiled, so that not all calls of its parts are seen."""
        return self._held.any_compiled or (self._wrapper is not None and self._wrapper() is not None)

    def find_wrapper(self) -> bool:
        """Find out whether the network was compiled, or compiled anew, and is called by what is around it."""
        if self._looked_around >= MOST_LOOKS:
            return False
        self._looked_around += 1
        found = wrapper_of(self.root, but=None if self._wrapper is None else self._wrapper())
        if found is not None:
            self._wrapper = ref(found)
        return found is not None

    @property
    def parts(self) -> list[Part]:
        """The modules whose calls are of interest, as they are now."""
        return self._held.now

    @property
    def found(self) -> list[Found]:
        """The residual sums and weights of attention that are known: the last ones of the parts."""
        return self._held.found

    def leads(self, held: Sequence[Collection[int]]) -> tuple[int, ...]:
        """Return parts whose calls stand for those of the network: one for each of these sets of parameters' ids."""
        return self._held.leads(held)

    def trained_parameter(self, part: int) -> nn.Parameter | None:
        """Return a parameter of a layer's core that is trained; None where there is none."""
        return self._held.trained_parameter(part)

    def see_all(self, *, wanted: bool) -> None:
        """Let all passes count from now on, or no more: of a network that is trained without backward passes."""
        if self.sees_all != wanted:
            self.sees_all = self._any_pass = wanted
            self.observe_with(self._observer)

    def observe_with(self, observer: PartObserver | None) -> None:
        """Show all that passes to an observer, from now on; to nobody where there is none."""
        armed = self.armed
        self.disarm()
        self._observer = observer
        if armed:
            self.arm(leads=self._leads)

    def arm(self, *, leads: tuple[int, ...] | None = None) -> None:
        """Watch the network and its parts; or, to know when it is called, only itself and parts that lead it."""
        if self.armed and self._leads == leads:
            return
        self.disarm()
        self._leads = leads
        watchers: dict[int, tuple[nn.Module, Watcher]] = {}
        observer = self._observer or _NOBODY
        if leads is not None:
            observer = _NOBODY
        presence = self._presence = self._observe_functions(observer) if leads is None and self.functions else None
        for part in self.parts if leads is None else [self.parts[lead] for lead in leads if self.parts]:
            if part.function:
                continue
            watcher = self._watcher(part, observer.before(part.index), observer.after(part.index))
            if leads is not None:
                watcher = Watcher(before=self._lead_called, report=self._reporter(part.index))
            if watcher is not None:
                watchers[id(part.module)] = (part.module, watcher)
        if id(self.root) in watchers:
            watchers[id(self.root)] = (self.root, self._around(watchers[id(self.root)][1]))
        else:
            watchers[id(self.root)] = (self.root, self._around(Watcher()))
        self.journal.open_to_calls = leads is None
        through = beneath if self.sees_all else lambda watcher: watcher
        # A compiled network is called as a whole, and what it was called with is known.
        self._taps = [Tap(module, through(one), compiled=module is self.root) for module, one in watchers.values()]
        self._taps += self._tap_on_wrapper()
        if presence is not None:
            self._taps += [Tap(*one) for one in without_functions(self.root, presence)]
        self._taps += [Tap(*one) for one in self._watch_attention(observer)] if leads is None else []
        for tap in self._taps:
            tap.begin()
        self._loose = [tap for tap in self._taps if tap.may_be_lost]

    def _tap_on_wrapper(self) -> list[Tap]:
        """Return what watches the network where it is called by what compiling has put around it."""
        wrapper = None if self._wrapper is None else self._wrapper()
        return [] if wrapper is None else [Tap(wrapper, self._around(Watcher()), compiled=True)]

    def _observe_functions(self, observer: PartObserver) -> Presence | None:
        """Return what observes functions during passes; None where compiled code may be called, which would notice."""
        if self._held.any_compiled or is_anything_compiled():
            return None
        held = self._held
        parts = [part for part in self.parts if part.function]
        self._flow = Flow() if observer.discovers else None
        sums = SumTracer(held.now, held.sums, held.name_of, held.add_sum, self._producers, self._flow)
        tracer = FunctionTracer(
            parts, lambda part: (observer.before(part), observer.after(part)), self._producers, self._open_call,
            self._failed, self._silent, sums,
        )  # fmt: skip
        return Presence(FunctionCalls(tracer), _this_thread)

    def _watch_attention(self, observer: PartObserver) -> Iterable[tuple[nn.Module, Watcher]]:
        """Return what watches modules that return weights of attention; none where code is compiled."""
        discovers = observer.discovers and self.functions
        if not (discovers or any(True for _ in self._held.attention())) or self._held.any_compiled:
            return ()
        tracer = AttentionTracer(
            self._held, observer.after, self._under_way, self.journal.add, self._producers, self._failed, self._silent
        )  # fmt: skip
        return tracer.watchers(self.root, discovers=discovers)

    def _under_way(self) -> Pass | None:
        """Return the pass that counts; None where there is none, or in another thread than its own."""
        return self._within if self._thread == _this_thread() else None

    def _open_call(self, part: int, values: Tensor) -> Call | None:
        if self._within is None:
            return None
        if self._held.is_sum(part):
            return self.journal.add(part, values, self._within)
        self._note_layer(part, (), values)
        return self.journal.open(part, values, self._within)

    def _note_layer(self, part: int, given: Iterable[Tensor], values: Tensor) -> None:
        """Note where the step is explored that a layer has made something of what it was given."""
        if self._flow is not None:
            self._flow.layer(part, given, values, unit_axis(self.parts[part].module, tuple(values.shape)))

    def disarm(self) -> None:
        """Let go of the network."""
        if self._presence is not None:
            self._presence.clear()
            self._presence = self._flow = None
        for tap in self._taps:
            tap.end()
        self._taps = []
        self._loose = []
        self.journal.open_to_calls = False
        self._within = None
        self._depths.clear()
        self._producers.clear()
        self._begun.clear()

    def clear(self) -> None:
        """Begin anew, after an update."""
        self.journal.clear()
        if self.last_pass is not None:
            self.last_pass.forget()
        self.last_pass = None
        self._thread = None

    def silence(self, part: int) -> None:
        """Show nothing more of a part: its observer has failed there."""
        self._silent.add(part)

    def is_silent(self, part: int) -> bool:
        """Whether nothing more is shown of a part."""
        return part in self._silent

    @property
    def silenced(self) -> int:
        """Of how many parts nothing more is shown."""
        return len(self._silent)

    def refresh(self) -> bool:
        """Notice modules that were replaced since; return whether there were any."""
        if not self._held.are_replaced() and not any(tap.lost for tap in self._loose):
            return False
        armed = self.armed
        self.disarm()
        self._held.find_anew()
        if armed:
            self.arm(leads=self._leads)
        return True

    def grow(self) -> bool:
        """List the parts anew, where there are layers that were not there before; return whether there were any."""
        silent = {_identity(self.parts[part]) for part in self._silent}
        if not self._held.grow():
            return False
        armed = self.armed
        self.disarm()
        self._silent.clear()
        self._silent.update(part.index for part in self.parts if _identity(part) in silent)
        if armed:
            self.arm(leads=self._leads)
        return True

    def _around(self, inner: Watcher) -> Watcher:
        """Return what watches the network itself, and it as a part, if it is one."""

        def begin(arguments: Arguments, keywords: Keywords) -> None:
            thread = _this_thread()
            depth = self._depths[thread] = self._depths.get(thread, 0) + 1
            if depth == 1:
                self._outermost(arguments, keywords)
            if inner.before:
                inner.before(arguments, keywords)
            presence = self._presence  # another one, where parts were replaced before this pass
            if presence is not None:
                counts = self._within is not None and self._thread == _this_thread()
                presence.begin(wanted=counts and not is_anything_compiled(), outermost=depth == 1)

        def ended() -> None:
            if self._presence is not None:
                self._presence.end()

        def end(arguments: Arguments, keywords: Keywords, output: object) -> None:
            ended()
            if inner.after:
                inner.after(arguments, keywords, output)
            self._end()

        def failed() -> None:
            ended()
            self.failed_passes += self._within is not None and self._thread == _this_thread()
            self._end()

        return Watcher(begin, end, failed, self._reporter(0))

    def _outermost(self, arguments: Arguments, keywords: Keywords) -> None:
        if is_capturing() or not (self._any_pass or torch.is_grad_enabled()):
            self.idle_passes += 1
        elif self._here():
            if self._leads is None:
                self._begin(arguments, keywords)
            else:
                self._call_begins()

    def _begin(self, arguments: Arguments, keywords: Keywords) -> None:
        self.begins_pass = True
        self._call_begins()
        self.begins_pass = False
        # Where that was the end of an update, everything begins anew: in this pass.
        self._thread = _this_thread()
        self._depths[self._thread] = 1
        self._producers.clear()
        if self._flow is not None:
            self._flow.clear()
        self._begun.clear()
        if self.last_pass is not None:
            self.last_pass.forget()
        self._within = self.last_pass = Pass(arguments, keywords)
        self.passes += 1

    def _call_begins(self) -> None:
        try:
            if self.on_call:
                self.on_call()
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._failed(0, error)

    def _end(self) -> None:
        thread = _this_thread()
        depth = self._depths.get(thread, 0) - 1
        if depth > 0:
            self._depths[thread] = depth
            return
        self._depths.pop(thread, None)
        if self._within is not None and self._thread == thread:
            self.journal.end(self._within)
            self._within = None

    def _here(self) -> bool:
        """Whether this is the thread whose calls count: the one of the pass under way, or of the next that begins."""
        thread = _this_thread()
        if self._within is None:
            self._thread = thread
        return self._thread == thread

    def _counts(self) -> bool:
        """Whether a call of a part counts. Those within a pass, nearly all, are not asked this: it costs a call."""
        if self._within is not None:
            return self._thread == _this_thread()
        if self._depths.get(_this_thread()) or is_capturing() or not self._here():
            return False
        if not (torch.is_grad_enabled() or self.sees_all):
            return False
        if self.on_call and (self.journal.any_backward or not self.journal.any_call):
            self._call_begins()
            self._thread = _this_thread()
        self._producers.limit()
        return True

    def _watcher(self, part: Part, before: Given | None, after: Output | None) -> Watcher | None:
        if self._held.is_inside_compiled(part):
            return None
        if part.kind == "core":
            return Watcher(None, self._core(part.index, after), report=self._reporter(part.index))
        # A normalization is the first part of a layer where its input is no layer's output.
        alone = part.kind == "normalization" and part.begins
        if before is None and after is None and not alone:
            return None
        # Of what is written over it has to be known before where it came from.
        asked = before is not None or may_overwrite(part.module)
        early = self._early(part.index, before, alone=alone) if asked else None
        follower = self._follower(part.index, after, alone=alone, asked=asked)
        return Watcher(early, follower, report=self._reporter(part.index))

    def _reporter(self, part: int) -> Callable[[Exception], None]:
        return lambda error: self._failed(part, error)

    def _core(self, part: int, show: Output | None) -> Callable[[Arguments, Keywords, Any], None]:
        def returned(arguments: Arguments, keywords: Keywords, output: Any) -> None:  # noqa: ANN401
            try:
                counts = (self._within is not None and self._thread == _this_thread()) or self._counts()
                values = main_tensor(output) if counts else None
                if values is None:
                    return
                if self._flow is not None:
                    self._note_layer(part, tensors_in(arguments, keywords), values)
                call = self.journal.open(part, values, self._within)
                self._producers.note(values, call)
                if show and part not in self._silent:
                    show(call, values, values)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._failed(part, error)

        return returned

    def _early(self, part: int, show: Given | None, *, alone: bool) -> Callable[[Arguments, Keywords], None]:
        def called(arguments: Arguments, keywords: Keywords) -> None:
            try:
                if not self._counts():
                    return
                given = first_tensor(arguments, keywords)
                call, _ = self._begun[part] = self._begin_call(part, given, alone=alone)
                if show and call is not None and part not in call.followed and part not in self._silent:
                    show(call, given)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._failed(part, error)

        return called

    def _lead_called(self, _arguments: Arguments, _keywords: Keywords) -> None:
        if not self._depths.get(_this_thread()) and torch.is_grad_enabled() and not is_capturing() and self._here():
            self._call_begins()

    def _follower(
        self, part: int, show: Output | None, *, alone: bool, asked: bool
    ) -> Callable[[Arguments, Keywords, Any], None]:  # fmt: skip
        def returned(arguments: Arguments, keywords: Keywords, output: Any) -> None:  # noqa: ANN401
            try:
                if not ((self._within is not None and self._thread == _this_thread()) or self._counts()):
                    return
                given, values = first_tensor(arguments, keywords), main_tensor(output)
                begun = self._begun.pop(part, _NOT_BEGUN) if asked else self._begin_call(part, given, alone=alone)
                call, own = begun
                if call is None or values is None:
                    return
                if own:
                    self.journal.returned(call, values)
                if not self._is_sum_of_another(values, call):
                    self._producers.note(values, call)
                if part not in call.followed:
                    call.followed.add(part)
                    if show and part not in self._silent:
                        show(call, given, values)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._failed(part, error)

        return returned

    def _begin_call(self, part: int, given: Tensor, *, alone: bool) -> _Begun:
        """Return the call that passed a part's input on, or one of the part's own where it is no layer's output."""
        if not is_plain(given):
            return _NOT_BEGUN
        call = self._producers.call_of(given)
        if call is not None and alone and self._held.is_sum(call.layer):
            call = None  # a normalization of a sum is a layer by itself
        if call is not None and self._presence is not None and self._producers.was_passed_on(given):
            self.relies_on_functions = True
        if call is None and alone:
            return self.journal.begin(part, self._within), True
        return call, False

    def _is_sum_of_another(self, values: Tensor, call: Call) -> bool:
        """Whether what a part returns is a residual sum that was made in it: it is no activation then."""
        made = self._producers.call_of(values) if self._presence is not None else None
        return made is not None and made is not call and self._held.is_sum(made.layer)


def _identity(part: Part) -> str | nn.Module:
    """Return what a part is known by when the parts are listed anew: what stands for functions is made anew then."""
    return part.name if part.function else part.module
