"""Which forward passes an update is made of: those whose backward pass filled the gradients that it uses.

A pass for evaluation, for logging, for an attack or of a teacher leaves no gradient at the parameters; one that a
checkpoint repeats stands for the first; several micro-batches all count. None of this can be told from the forward
pass. So each call of a layer notices when a backward pass goes through it, and what the gradient of the layer's own
parameter was just then: if that is another one later, the pass was accumulated; if it was none or zero, what came
before was thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple
from weakref import ref

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from shiftscope.tracing.backward_passes import BackwardPass, gradient_now, still_used
from shiftscope.tracing.values import Arguments, Keywords, count_samples

MOST_UNREACHED = 64
"""Passes that are remembered at most while no backward pass has gone through them: an evaluation may have thousands."""


class Pass:
    """One call of the whole network that builds a graph.

    Attributes:
        arguments: that it was called with.
        keywords: likewise.
        calls: of the layers, in order.
        plain: whether a backward pass can go through all of them.
        reached: whether one has gone through any.
    """

    __slots__ = ("_size", "arguments", "calls", "hooked", "keywords", "last", "plain", "reached")

    def __init__(self, arguments: Arguments, keywords: Keywords) -> None:
        self.arguments, self.keywords = arguments, keywords
        self.calls: list[Call] = []
        self.hooked = False
        self.plain = True
        self.reached = False
        self.last: tuple[Call, Node] | None = None
        self._size: int | None = None

    @property
    def size(self) -> int:
        """How many samples there were: the length of the first tensor among the arguments."""
        if self._size is None:
            self._size = count_samples(self.arguments, self.keywords)
        return self._size

    def forget(self) -> None:
        """Let go of the arguments; how many samples they were stays known."""
        self._size = self.size
        self.arguments, self.keywords = (), {}


_current_task = torch._C._current_graph_task_id


class Call:
    """One call of a layer: of its core, with the normalization and activation that follow.

    Attributes:
        layer: index of the part that is its core.
        within: the pass that it is part of; None where the layer was called by itself.
        graph: whether a backward pass can go through it.
        followed: parts that were called with what it passed on.
    """

    __slots__ = ("_journal", "followed", "graph", "layer", "within")

    def __init__(self, layer: int, within: Pass | None, journal: ref[Journal]) -> None:
        self.layer, self.within, self._journal = layer, within, journal
        self.graph = False
        self.followed: set[int] = set()

    def __call__(self, *_gradients: object) -> None:
        """Take note that a backward pass goes through; torch calls it."""
        journal = self._journal()
        try:
            if journal is not None and journal.open_to_calls:
                journal.reached(self)
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            if journal is not None:
                journal.failed(error)


class Confirmed(NamedTuple):
    """The calls that the update is made of, and how many micro-batches they are."""

    calls: Collection[Call]
    micro_batches: int


def _raise(error: Exception) -> None:
    raise error


class Journal:
    """The calls of one network's layers since its last update.

    Args:
        parameter: returns a parameter of a layer that is trained, None where there is none.
        on_backward: called in each backward pass, with its number, when it first reaches a call.

    Attributes:
        failed: told of an error made in a backward pass.
        calls: how many there were, ever.
    """

    def __init__(
        self, parameter: Callable[[int], nn.Parameter | None], on_backward: Callable[[], None] | None = None
    ) -> None:
        self._parameter = parameter
        self.on_backward = on_backward
        self.failed: Callable[[Exception], None] = _raise
        # Calls are held by the graph of a loss, which may outlive the network and must not hold it.
        self._own = ref(self)
        self._last_task = -1
        self.open_to_calls = True
        self.calls = self._cleared = 0
        self._alone: list[Call] = []
        self._passes: list[Pass] = []
        self._forgotten = 0
        self._reached: dict[int, list[BackwardPass[Call]]] = {}

    @property
    def any_backward(self) -> bool:
        """Whether a backward pass went through any call since the last update."""
        return bool(self._reached)

    @property
    def any_call(self) -> bool:
        """Whether there was any call since the last update."""
        return self.calls > self._cleared

    def open(self, layer: int, output: Tensor, within: Pass | None) -> Call:
        """Note a call of a layer whose core has just returned."""
        call = self.begin(layer, within)
        self.returned(call, output)
        return call

    def add(self, layer: int, output: Tensor, within: Pass) -> Call:
        """Note a call of a layer without parameters of its own, in a pass of which others tell whether it counts."""
        call = self.begin(layer, within)
        call.graph = output.grad_fn is not None
        within.calls.append(call)
        return call

    def begin(self, layer: int, within: Pass | None) -> Call:
        """Note a call of a layer whose core is about to be called."""
        return Call(layer, within, self._own)

    def returned(self, call: Call, output: Tensor) -> None:
        """Note that the core of a layer has returned in a call.

        Of a pass only the first and last call are hooked that a gradient can tell of: it counts as a whole.
        """
        layer, within = call.layer, call.within
        self.calls += 1
        function = output.grad_fn if output.requires_grad else None
        call.graph = function is not None
        if within is None:
            self._alone.append(call)
        else:
            within.calls.append(call)
        if function is None:
            if within is not None:
                within.plain = False
            return
        if within is None or (not within.hooked and self._parameter(layer) is not None):
            function.register_prehook(call)
            if within is not None:
                within.hooked = True
        else:
            within.last = call, function

    def end(self, within: Pass) -> None:
        """Note that a pass is over."""
        self._passes.append(within)
        if len(self._passes) > MOST_UNREACHED:
            forgotten = next((index for index, one in enumerate(self._passes) if not one.reached), None)
            if forgotten is not None:
                del self._passes[forgotten]
                self._forgotten += 1
        if within.last is not None:
            call, function = within.last
            function.register_prehook(call)
            within.last = None

    def reached(self, call: Call) -> None:
        """Note that a backward pass goes through a call."""
        task = _current_task()
        passes = self._reached.setdefault(call.layer, [])
        if not passes or passes[-1].task != task:
            passes.append(BackwardPass(task, gradient_now(self._parameter(call.layer), passes)))
        passes[-1].calls.append(call)
        if call.within is not None:
            call.within.reached = True
        if task != self._last_task:
            self._last_task = task
            if self.on_backward:
                self.on_backward()

    def confirmed(self) -> Confirmed:
        """Return the calls whose backward passes filled the gradients as they are now."""
        if (only := self._only_pass()) is not None:
            return Confirmed(set(only.calls), 1)
        kept, micro_batches = self._reached_and_used()
        passes = dict.fromkeys(call.within for call in kept if call.within is not None)
        calls = {call for one in passes for call in one.calls}
        calls.update(kept)  # of a pass before an earlier update nothing else is known any more
        # What has no graph is part of what was called with it; where it was repeated with one, it was a first try.
        with_graph = {call.layer for call in calls if call.graph}
        if any(call.within is None for call in kept):
            calls.update(call for call in self._alone if not call.graph)
        return Confirmed({call for call in calls if call.graph or call.layer not in with_graph}, micro_batches)

    def _only_pass(self) -> Pass | None:
        """Return the pass that the update is made of in the plain case: one pass and one backward pass through it."""
        if len(self._passes) != 1 or self._alone:
            return None
        only = self._passes[0]
        for layer, (first, *more) in self._reached.items():
            parameter = self._parameter(layer)
            if more or first.before is not None or parameter is None or parameter.grad is None:
                return None
        return only if self._reached and only.plain else None

    def _reached_and_used(self) -> tuple[dict[Call, None], int]:
        """Return the hooked calls whose gradients are still there, and by how many backward passes they are."""
        kept: dict[Call, None] = {}
        without: list[int] = []
        used: dict[int, list[BackwardPass[Call]]] = {}
        unclear: dict[int, set[int]] = {}
        for layer, passes in self._reached.items():
            parameter = self._parameter(layer)
            if parameter is None:
                without.append(layer)
            else:
                used[layer], unclear[layer] = still_used(passes, parameter)
        tasks = {one.task for passes in used.values() for one in passes}
        micro_batches = 0
        for layer, own in used.items():
            # Where a layer's gradient is zero or was taken away, the others know whether the pass counts.
            before, batches = len(kept), 0
            for one in self._reached[layer]:
                if one in own or (one.task in unclear[layer] and one.task in tasks):
                    kept.update(dict.fromkeys(one.calls))
                    batches += len(kept) > before
                    before = len(kept)
            micro_batches = max(micro_batches, batches)
        if not tasks and self._reached:
            # No gradient was kept at the parameters: they were asked for by themselves, or lie elsewhere.
            tasks = {max(one.task for passes in self._reached.values() for one in passes)}
            without, micro_batches = list(self._reached), 1
        for layer in without:
            for one in self._reached[layer]:
                if one.task in tasks:
                    kept.update(dict.fromkeys(one.calls))
        return kept, micro_batches

    def passed(self) -> Confirmed:
        """Return all calls, of a network through which no backward pass goes."""
        calls = {call for one in self._passes for call in one.calls}
        passes = len(self._passes) + self._forgotten
        return Confirmed(calls.union(self._alone), passes or bool(self._alone))

    @property
    def last_backward(self) -> int:
        """Number of the last backward pass that went through any call; -1 where none ever did."""
        return self._last_task

    def forget_backward(self, last: int) -> None:
        """Forget backward passes up to one: an update has used them. What they went through may go backward again."""
        later = {layer: [one for one in passes if one.task > last] for layer, passes in self._reached.items()}
        self._reached = {layer: passes for layer, passes in later.items() if passes}

    def clear(self) -> None:
        """Begin anew, after an update."""
        self._cleared = self.calls
        self._alone.clear()
        for one in self._passes:
            one.calls.clear()  # they hold the pass, too
        self._passes.clear()
        self._forgotten = 0
        self._reached.clear()
