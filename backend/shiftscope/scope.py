"""watch(): measure networks while they train."""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, get_args
from warnings import warn

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from shiftscope.engine.probe import Need, Tier
from shiftscope.engine.scheduler import Scheduler
from shiftscope.engine.schedules import Schedule
from shiftscope.engine.session import Options, Session
from shiftscope.engine.study import Loss
from shiftscope.notices import Notice, notice
from shiftscope.probes.registry import Chosen, Selection, scheduled_streams, select
from shiftscope.recording.documents import RecordingError
from shiftscope.sinks.base import Sink, SinkError
from shiftscope.sinks.opening import open_sink
from shiftscope.tracing.errors import WatchError
from shiftscope.wire.messages import EndState, EventKind

__all__ = ["Scope", "WatchError", "watch"]

WhenLost = Literal["warn", "raise"]
LOST = (SinkError, RecordingError)
"""What a sink raises when it takes no more."""
PerNetwork = Mapping[str, Tensor | float] | Tensor | float
"""A number for each network by name, or the number of the only one."""


def watch(  # noqa: PLR0913  all but the first are keywords with defaults
    models: nn.Module | Mapping[str, nn.Module],
    *,
    to: str | Path | Sink = "http://127.0.0.1:8000",
    name: str = "",
    probes: Chosen = Tier.STANDARD,
    schedule: Schedule | None = None,
    schedules: Mapping[str, Schedule] | None = None,
    total_steps: int | None = None,
    optimizer: Optimizer | Mapping[str, Optimizer] | None = None,
    probe_batch: Tensor | None = None,
    loss: Loss | None = None,
    units: Sequence[int] = (0, 1, 2),
    when_lost: WhenLost = "warn",
) -> Scope:
    """Begin to measure one network, or several that are trained in step.

    Args:
        models: a network, or networks by the names that are shown.
        to: a server's address, the path of a recording to be made, or a sink.
        name: of the run.
        probes: a tier (essential, standard, full), or a list of tiers, names of probes and probes of your own.
        schedule: steps to record; by default every step at first, then smoothly fewer.
        schedules: of single streams by name (drift, gradient_shift, sampling_shift, landscape, channels, cost), where
            the default, which spends about a hundredth of a long training on each, does not do.
        total_steps: how many steps there will be, where known.
        optimizer: the optimizer, or one for each network. Its steps then drive the scope, and nothing else needs to be
            called; without it, call `measure` before each update and `step` after it.
        probe_batch: fixed inputs on which drift is measured; by default those of the first step.
        loss: (outputs, targets) -> a scalar, as it is trained with. Gradient shift and landscape need it, and that
            `measure` is given each step's batch.
        units: single units of each layer that are looked at.
        when_lost: what happens when nothing more can be sent (the server is gone, the disk is full): "warn" lets the
            training go on unwatched, "raise" raises a SinkError, or
            a RecordingError, in it.

    Raises:
        WatchError: a network is compiled, or has no layers.
        ValueError: a probe, tier or stream that does not exist, or a probe chosen by name that lacks what it needs.
        SinkError: the server cannot be reached.
        RecordingError: the file cannot be made.
    """
    networks = dict(models) if isinstance(models, Mapping) else {type(models).__name__: models}
    chosen = select(probes)
    _check(chosen, schedules or {}, loss)
    scheduler = Scheduler(chosen.probes, schedule, schedules, total_steps)
    options = Options(chosen.probes, scheduler, total_steps, probe_batch, loss, tuple(units))
    sink = _open(to, name)
    scope = Scope(Session(networks, sink, options), sink, tuple(networks), when_lost)
    if optimizer is not None:
        scope.follow(optimizer)
    return scope


class Scope:
    """Measures the networks at the steps that are due, and sends what it finds. A context manager; made by `watch`.

    Where nobody closes it, its run ends with the script: finished, or failed with the error that ended the script.
    """

    def __init__(self, session: Session, sink: Sink, names: Sequence[str], when_lost: WhenLost = "warn") -> None:
        self._session = session
        self._when_lost = when_lost
        self._sink = sink
        self._names = names
        self._optimizers: dict[str, Optimizer] = {}
        self._handles: list[RemovableHandle] = []
        self._closed = self._lost = False
        self._at_exit = partial(_end_at_exit, weakref.ref(self), os.getpid())
        atexit.register(self._at_exit)

    @property
    def steps_done(self) -> int:
        """How many updates the networks have had."""
        return self._session.step

    @property
    def armed(self) -> bool:
        """Whether something is measured at the coming step."""
        return bool(self._session.due)

    @property
    def diverged(self) -> Mapping[str, int]:
        """The networks whose loss, activations or gradients were found not finite, and the step of the first time."""
        return self._session.diverged

    def follow(self, optimizer: Optimizer | Mapping[str, Optimizer]) -> None:
        """Let the optimizer's steps, one a network or one for all, drive the scope.

        Raises:
            WatchError: optimizers are given for other networks than those that are watched.
        """
        per_network = dict(optimizer) if isinstance(optimizer, Mapping) else dict.fromkeys(self._names, optimizer)
        if set(per_network) != set(self._names):
            raise WatchError(f"optimizers for {', '.join(per_network)} do not match {', '.join(self._names)}")
        self._optimizers = per_network
        for one in dict.fromkeys(per_network.values()):
            own = [name for name, other in per_network.items() if other is one]
            self._handles.append(one.register_step_pre_hook(lambda *_, own=own: self._before_update(own)))
            self._handles.append(one.register_step_post_hook(lambda *_, own=own: self._updated(own)))

    def measure(
        self,
        losses: PerNetwork | None = None,
        *,
        accuracies: PerNetwork | None = None,
        learning_rate: float | None = None,
        batch: tuple[Tensor, Tensor] | None = None,
    ) -> None:
        """Measure all networks, if this step is due: call it after the backward pass and before the update.

        Args:
            losses: of this step's batch, by network (or of the only one). A tensor is read only if the step is due.
            accuracies: likewise, as fractions.
            learning_rate: of the update to come; read from the optimizer where the scope follows one.
            batch: the step's inputs and targets.

        Raises:
            WatchError: a watched network has not run a forward pass.
            SinkError: nothing more can be sent, and `when_lost` is "raise".
        """
        if not self._session.due:
            return
        loss_of, accuracy_of = self._by_network(losses), self._by_network(accuracies)
        rate = self._current_learning_rate() if learning_rate is None else learning_rate
        try:
            for name in self._names:
                loss, accuracy = _number(loss_of.get(name)), _number(accuracy_of.get(name))
                self._session.measure(name, loss, accuracy, batch, rate)
        except LOST as error:
            self._lose(error)

    def step(self) -> None:
        """Take note that the networks were updated. Does nothing where the scope follows the optimizers.

        Raises:
            WatchError: the step is due but was not measured, or the scope is closed.
            SinkError: nothing more can be sent, and `when_lost` is "raise".
        """
        if self._closed:
            raise WatchError("the scope is closed")
        if not self._optimizers:
            self._updated(self._names)

    def evaluate(self, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Record what was found in eval mode after the updates so far.

        `metrics` holds, by network, any of test_loss, test_accuracy, train_loss, train_accuracy: always the same ones.
        Those that are given before the first step, or else all four, are what the run records.

        Raises:
            ValueError: there is no such network or metric, or the run does not record it.
            SinkError: nothing more can be sent, and `when_lost` is "raise".
        """
        try:
            self._session.evaluate(metrics)
        except LOST as error:
            self._lose(error)

    def event(self, kind: EventKind, message: Notice | str, *, network: str = "", layer: str = "") -> None:
        """Record that something happened: a `kind` of "note" is marked on the page's timeline with its message.

        Raises:
            ValueError: there is no such kind.
            SinkError: as `measure` does.
        """
        if kind not in get_args(EventKind):
            raise ValueError(f"there is no event of kind {kind!r}; there are {', '.join(get_args(EventKind))}")
        if not self._lost:
            try:
                self._sink.event(kind, self._session.step, message, network=network, layer=layer)
            except LOST as error:
                self._lose(error)

    def close(self, state: EndState = "finished", reason: Notice | str = "") -> None:
        """Let go of the networks and end the run; `state` is finished, stopped or failed. Further calls do nothing."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self._at_exit)
        for handle in self._handles:
            handle.remove()
        self._session.close()
        if not self._lost:
            try:
                self._sink.end(state, reason)
            except LOST as error:
                self._lose(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif issubclass(kind, KeyboardInterrupt):
            self.close("stopped", notice("end.keyboard"))
        else:
            self.close("failed", f"{kind.__name__}: {error}")

    def _updated(self, names: Sequence[str]) -> None:
        try:
            self._session.updated(names)
        except LOST as error:
            self._lose(error)

    def _lose(self, error: Exception) -> None:
        """Go on unwatched, or not, now that nothing more can be sent."""
        self._lost = True
        self._session.close()
        if self._when_lost == "raise":
            raise error
        warn(f"{error}. The training goes on unwatched.", RuntimeWarning, stacklevel=3)

    def _before_update(self, names: Sequence[str]) -> None:
        if self._session.due:
            rate = self._current_learning_rate()
            try:
                for name in names:
                    self._session.measure(name, None, None, None, rate)
            except LOST as error:
                self._lose(error)

    def _current_learning_rate(self) -> float | None:
        first = next(iter(self._optimizers.values()), None)
        return None if first is None else float(first.param_groups[0]["lr"])

    def _by_network(self, values: PerNetwork | None) -> Mapping[str, Tensor | float]:
        if values is None:
            return {}
        if isinstance(values, Mapping):
            return values
        if len(self._names) > 1:
            raise WatchError(f"give a number for each of {', '.join(self._names)}")
        return {self._names[0]: values}


def _check(chosen: Selection, schedules: Mapping[str, Schedule], loss: Loss | None) -> None:
    needy = [probe.name for probe in chosen.probes if probe.name in chosen.single and Need.LOSS in probe.needs]
    if needy and loss is None:
        raise ValueError(f"{', '.join(needy)} cannot be measured without `loss`")
    streams = scheduled_streams(chosen)
    for name in schedules:
        if name not in streams:
            raise ValueError(f"there is no stream {name!r} with a schedule; there are {', '.join(sorted(streams))}")


def _open(to: str | Path | Sink | None, name: str) -> Sink:
    return open_sink(to, name=name)


def _number(value: Tensor | float | None) -> float | None:
    return value.item() if isinstance(value, Tensor) else value


def _end_at_exit(reference: weakref.ref[Scope], process: int) -> None:
    """End a run whose script is over; a process that was forked off has the scope too, but not its run.

    The interpreter notes an error that nothing took and that ends a script. Where a person types, it notes others.
    """
    scope = reference()
    if scope is None or os.getpid() != process:
        return
    typing = hasattr(sys, "ps1") or "IPython" in sys.modules
    error: BaseException | None = None if typing else getattr(sys, "last_value", None)
    scope.__exit__(None if error is None else type(error), error, None)
