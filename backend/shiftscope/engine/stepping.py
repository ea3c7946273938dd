"""What a step is: which update belongs to which passes, whoever makes it and however."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial, wraps
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from shiftscope.engine.cycle import Cycle
from shiftscope.engine.faults import Faults
from shiftscope.engine.holdings import Holdings, learning_rate_of
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.learning_rates import LearningRates
from shiftscope.engine.session import Session
from shiftscope.engine.tools import Given
from shiftscope.tracing.grad_scaler import scales_at
from shiftscope.tracing.optimizer_steps import Closure, OptimizerSteps

_current_task = torch._C._current_graph_task_id
_queue_callback = torch.autograd.Variable._execution_engine.queue_callback


MOST_MOVES = 4
"""How often parameters may be others after a backward pass before a given optimizer has made a step."""


class Driver(Enum):
    """Who makes the updates known."""

    UNKNOWN = "nobody so far: parameters that have changed by the next pass were updated"
    OPTIMIZER = "an optimizer of torch's"
    HAND = "step() of the scope"


class Stepping:
    """Finds out when a network's gradients are complete and when it was updated.

    An optimizer's step is an update, and so are those of several that use the same gradients of one network (`Cycle`).
    One that another makes inside its own belongs to that. A closure is measured when it was first evaluated.
    Those that step while a backward pass is under way, each as soon as there are its gradients, make one update of it.

    Args:
        session: that measures.
        networks: by name.
        faults: where errors are reported.
        optimizers: that are known to make the updates.
    """

    def __init__(
        self, session: Session, networks: Mapping[str, nn.Module], faults: Faults, optimizers: Sequence[Optimizer] = ()
    ) -> None:
        self._session, self._faults = session, faults
        self._holdings = Holdings(networks, optimizers)
        self._rates = {name: LearningRates(network, optimizers) for name, network in networks.items()}
        self._cycles = {name: Cycle(network) for name, network in networks.items()}
        self._measured_by_hand = False
        self._counted = False
        self._announced = False
        self._moves = dict.fromkeys(networks, 0)
        self._driver = Driver.OPTIMIZER if optimizers else Driver.UNKNOWN
        session.counts_calls = set() if optimizers else set(networks)
        for name in networks:
            if not optimizers:
                session.watch_of(name).gradients.mark()
        self._optimizers = OptimizerSteps(networks, self._before, self._after, self._failed)
        session.begin(self._call_begins, self._backward_ended)

    def measure(self, name: str, given: Given) -> None:
        """Measure a network now, as somebody asks for it."""
        self._measured_by_hand = True
        known = self._holdings.given
        if given.learning_rate is None and known:
            given = given._replace(learning_rate=learning_rate_of(known[0]))
        given = given._replace(rates=self._rates[name].read())
        self._session.measure(name, given)

    def step(self) -> None:
        """Take note that all networks were updated, unless their optimizers have made that known."""
        if self._counted:
            self._counted = False
            return
        stepped = [name for name, cycle in self._cycles.items() if cycle.stepped]
        if stepped:  # no other optimizer will follow these: the update is over
            for name in stepped:
                self._end(name)
            self._counted = False
            return
        self._decide(Driver.HAND)
        for name in self._cycles:
            watch = self._session.watch_of(name)
            if watch.measured is None and watch.without_backward.announced():
                self._session.measure(name, Given(updated=True))
            self._session.updated(name)

    def remove(self) -> None:
        """Let go of the optimizers; an update that nobody has announced is over."""
        for name in self._cycles if self._driver is Driver.UNKNOWN else ():
            watch = self._session.watch_of(name)
            if watch.measured is not None and watch.gradients.moved():
                self._session.updated(name)
        self._optimizers.remove()
        for name, cycle in self._cycles.items():
            if cycle.stepped:
                self._end(name)

    def _before(self, optimizer: Optimizer, names: Sequence[str], closure: Closure | None) -> Closure | None:
        if not self._announced:
            self._announced = True
            for name in self._cycles:
                self._session.watch_of(name).gradients.unmark()
        self._decide(Driver.OPTIMIZER)
        if (backward := _current_task()) >= 0:
            self._before_in_backward(optimizer, names, backward)
            return None
        waiting = []
        for name in names:
            if not self._holdings.counts(optimizer, name) or not self._begins(optimizer, name) or not self._session.due:
                continue
            if closure is None or self._session.watch_of(name).tracer.journal.any_backward:
                self._measure(name, optimizer)
            if closure is not None:
                waiting.append(name)
        return self._measuring(closure, waiting, optimizer) if closure and waiting else None

    def _begins(self, optimizer: Optimizer, name: str) -> bool:
        """Take note of a step that begins; return whether an update of a network begins with it."""
        cycle = self._cycles[name]
        if optimizer in cycle.open:  # its last step did not come to an end
            cycle.open.clear()
        cycle.open.append(optimizer)
        if len(cycle.open) > 1:
            return False
        self._meet(optimizer, name)
        if cycle.parts(optimizer):
            self._end(name, backward=cycle.last_backward)
        if cycle.joins(optimizer) or cycle.stepped:
            return False
        cycle.begin(optimizer, self._session.watch_of(name).tracer.journal.last_backward)
        return True

    def _before_in_backward(self, optimizer: Optimizer, names: Sequence[str], backward: int) -> None:
        """Keep what an optimizer finds that steps as soon as there are its gradients: the pass is one update."""
        for name in names:
            if not self._holdings.counts(optimizer, name):
                continue
            cycle = self._cycles[name]
            if cycle.backward != backward:
                if cycle.stepped:
                    self._end(name)
                cycle.begin_in_backward(backward)
                _queue_callback(partial(self._updated_in_backward, name, optimizer))
            if self._session.due:
                for group in optimizer.param_groups:
                    for parameter in group["params"]:
                        cycle.kept.keep(parameter)

    def _updated_in_backward(self, name: str, optimizer: Optimizer) -> None:
        """Measure what the optimizers found that stepped during a backward pass; torch calls this at its end."""
        try:
            cycle = self._cycles[name]
            kept, cycle.kept, cycle.backward = cycle.kept, KeptParameters(), -1
            given = Given(learning_rate=learning_rate_of(optimizer), kept=kept, rates=self._rates[name].read(optimizer))
            self._session.measure(name, given)
            if self._all_updated(name):
                self._end(name)
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._failed(error)

    def _after(self, optimizer: Optimizer, names: Sequence[str]) -> None:
        in_backward = _current_task() >= 0
        for name in names:
            if not self._holdings.counts(optimizer, name):
                continue
            cycle = self._cycles[name]
            if in_backward:
                cycle.stepped[id(optimizer)] = optimizer
                continue
            if optimizer in cycle.open:
                del cycle.open[cycle.open.index(optimizer) :]
            if cycle.open:
                continue
            cycle.used(optimizer)
            if cycle.has_joined(optimizer):
                continue
            if cycle.skipped:
                cycle.skipped = False
                self._session.watch_of(name).clear()
                continue
            cycle.stepped[id(optimizer)] = optimizer
            if cycle.complete or self._all_updated(name):
                self._end(name)

    def _meet(self, optimizer: Optimizer, name: str) -> None:
        """Take note of an optimizer; of several, passes are noticed at all steps: they part the updates of these."""
        cycle = self._cycles[name]
        if cycle.meet(optimizer) and cycle.several:
            self._session.watch_of(name).leads = cycle.shares
            self._session.counts_calls.add(name)
            if not self._session.due:
                self._session.arm()

    def _end(self, name: str, backward: int | None = None) -> None:
        self._cycles[name].end()
        self._counted = True
        self._session.updated(name, backward)

    def _all_updated(self, name: str) -> bool:
        """Whether the optimizers that have stepped hold all parameters with gradients; else others will follow."""
        return self._holdings.all_held(name, self._cycles[name].stepped.values())

    def _measure(self, name: str, optimizer: Optimizer) -> None:
        watch = self._session.watch_of(name)
        if watch.measured is not None and self._measured_by_hand:
            return
        scales = scales_at(optimizer, lambda: self._holdings.others(name, optimizer, self._cycles[name].optimizers))
        if scales.skipped:
            self._cycles[name].skipped = True
            watch.skip()
            return
        rates = self._rates[name].read(optimizer)
        kept = self._cycles[name].earlier_left_out(optimizer)
        given = Given(learning_rate=learning_rate_of(optimizer), scales=scales, rates=rates, kept=kept)
        self._session.measure(name, given)

    def _measuring(self, closure: Closure, names: Sequence[str], optimizer: Optimizer) -> Closure:
        """Return a closure that, once it was evaluated, lets networks be measured: then their gradients are there."""
        waiting = list(names)

        @wraps(closure)
        def evaluate(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  whatever the closure takes and gives
            result = closure(*arguments, **keywords)
            try:
                while waiting:
                    self._evaluated(waiting.pop(), optimizer)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._failed(error)
            return result

        return evaluate

    def _evaluated(self, name: str, optimizer: Optimizer) -> None:
        """Measure a network whose closure was evaluated: anew where that added to gradients that were there before."""
        watch = self._session.watch_of(name)
        if watch.measured is None or watch.tracer.journal.confirmed().micro_batches > watch.micro_batches:
            self._measure(name, optimizer)

    def _backward_ended(self, name: str) -> None:
        """Measure a network whose updates nobody announces: after this its gradients may be gone."""
        if self._driver is not Driver.OPTIMIZER and not self._measured_by_hand:
            self._session.measure(name, Given())
        if self._driver is Driver.UNKNOWN or not self._announced:
            self._session.watch_of(name).gradients.mark()

    def _call_begins(self, name: str) -> None:
        cycle = self._cycles[name]
        if cycle.stepped and not cycle.open:
            self._end(name)  # an optimizer that has not stepped so far does so in another update
            cycle.pass_begins()
            return
        cycle.pass_begins()
        watch = self._session.watch_of(name)
        if self._driver is Driver.OPTIMIZER and not self._announced and watch.gradients.moved():
            self._moved(name)
        if self._driver is not Driver.UNKNOWN or watch.without_backward.tries():
            return
        if watch.gradients.moved():
            self._updated_unannounced(name)

    def _updated_unannounced(self, name: str) -> None:
        """Take note that a network has other parameters, and which others do: this pass is of the next step then."""
        moved = [one for one in self._cycles if one == name or self._session.watch_of(one).gradients.moved()]
        for one in moved:
            self._session.watch_of(one).gradients.mark()
        for one in moved:
            self._session.updated(one)

    def _moved(self, name: str) -> None:
        """Take note that parameters are others after a backward pass, without a step that a hook has shown.

        Once may be a part of a step, as the first one of sharpness-aware minimization. Where it goes on, the steps are
        compiled, and show no hook.
        """
        self._moves[name] += 1
        if self._moves[name] == MOST_MOVES:
            self._decide(Driver.UNKNOWN)
            for _ in range(MOST_MOVES - 1):  # the last one is counted as those that follow
                self._session.updated(name)

    def _decide(self, driver: Driver) -> None:
        if self._driver is driver:
            return
        self._driver = driver
        unknown = driver is Driver.UNKNOWN
        self._session.counts_calls = {name for name, cycle in self._cycles.items() if unknown or cycle.several}
        for name in () if unknown else self._cycles:
            self._session.watch_of(name).gradients.unmark()

    def _failed(self, error: Exception) -> None:
        self._faults.fail(error)
