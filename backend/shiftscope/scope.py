"""watch(): measure networks while they train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

from torch import Tensor, nn
from torch.optim import Optimizer

from shiftscope.engine.alarm import Alarm, OnEvent, StopOn
from shiftscope.engine.arguments import (
    check_alarm,
    check_layers,
    check_named,
    check_networks,
    check_optimizers,
    check_options,
    check_place,
    check_start,
)
from shiftscope.engine.ending import Ending
from shiftscope.engine.faults import Faults, MisuseError, OnError
from shiftscope.engine.probe import Need, Tier
from shiftscope.engine.scheduler import Scheduler
from shiftscope.engine.schedules import Schedule
from shiftscope.engine.scope_state import ScopeState
from shiftscope.engine.session import Options, Session
from shiftscope.engine.stepping import Stepping
from shiftscope.engine.study import Inputs, Loss
from shiftscope.engine.termination import Termination
from shiftscope.engine.tools import Batch, Given
from shiftscope.engine.warm_up import warm_up_in_background
from shiftscope.engine.watched import Watched
from shiftscope.integrations.notebook import PageView
from shiftscope.notices import Notice, notice
from shiftscope.probes.registry import Chosen, Selection, scheduled_streams, select
from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import open_recording
from shiftscope.sinks.alerts import AlertSink
from shiftscope.sinks.base import Sink
from shiftscope.sinks.opening import open_sink
from shiftscope.telling import caution, tell
from shiftscope.tracing.errors import Diverged, WatchError
from shiftscope.tracing.lifetime import Leftovers
from shiftscope.tracing.ranks import current_rank
from shiftscope.tracing.selection import Patterns
from shiftscope.wire.messages import EndState, EventKind

__all__ = ["Scope", "WatchError", "watch"]

PerNetwork = Mapping[str, Tensor | float] | Tensor | float
"""A number for each network by name, or the number of the only one."""
_NO_NUMBERS: Mapping[str, Tensor | float] = {}
_LEFTOVERS = Leftovers()
_TERMINATION = Termination()
_WATCHED = Watched()


def watch(  # noqa: PLR0913  all but the first are keywords with defaults
    models: nn.Module | Mapping[str, nn.Module],
    *misplaced: object,
    to: str | Path | Sink | None = None,
    token: str = "",
    name: str = "",
    probes: Chosen = Tier.STANDARD,
    schedule: Schedule | int | None = None,
    schedules: Mapping[str, Schedule] | None = None,
    total_steps: int | None = None,
    optimizer: object = None,
    probe_batch: object = None,
    loss: Loss | None = None,
    units: Sequence[int] = (0, 1, 2),
    layers: Patterns | None = None,
    on_error: OnError = "warn",
    resume: Mapping[str, Any] | ScopeState | str | Path | None = None,
    first_step: int | None = None,
    on_event: OnEvent | None = None,
    stop_on: StopOn | None = None,
) -> Scope:
    """Begin to measure one network, or several that are trained in step.

    The training that is watched ends with the same bits as one that is not: the networks are never run, nothing that
    can be seen of them is changed, and no error of the scope's own leaves it.

    Args:
        models: a network, or networks by the names that are shown.
        misplaced: nothing: all else is given by name.
        to: a server's address ("localhost:8000"), the path of a recording to be made, or a sink. By default the server
            at SHIFTSCOPE_URL, or at 127.0.0.1:8000, if one answers, else a recording in the folder of recordings; it
            says which, once.
        token: of a shared server's control link, where `to` is not that link itself; by default SHIFTSCOPE_TOKEN.
        name: of the run.
        probes: a tier (essential, standard, full), or a list of tiers, names of probes and probes of your own.
        schedule: steps to record; by default every step at first, then smoothly fewer. A number of steps from one that
            is recorded to the next thins everything, studies too; a schedule leaves those as they are.
        schedules: of single streams by name (drift, batch_drift, gradient_shift, sampling_shift, landscape, channels,
            cost), where the default, which spends about a hundredth of a long training on each, does not do.
        total_steps: how many steps there will be, where known.
        optimizer: the optimizer, or one for each network. Every optimizer of torch's that holds a network's parameters
            drives the scope, this one or another. Of anybody else's, call `step` after each update.
        probe_batch: fixed inputs to study copies of the networks on (drift, sampling shift): a tensor, a tuple of
            arguments, a dict of keywords, or a tuple of both. Without it drift is that of the training batches.
        loss: (outputs, targets) -> a scalar, as it is trained with. Gradient shift and landscape need it, and that
            `measure` is given each step's batch; they run copies of the networks.
        units: single units of each layer that are looked at.
        layers: which modules are layers, by name: a glob or a regex (re.compile), or several; one that begins with "!"
            excludes. In a glob `*` stays within one level of names and `**` does not: "h.*" are the blocks as wholes,
            "h.0.**" the layers in the first one, "!**.ln_*" all layers but these. By default all that have parameters.
        on_error: what an error of the scope's own does: "warn" warns once and goes on without what failed, "raise"
            raises it in the training, for tests.
        resume: where the training goes on from a checkpoint: `state()` of the scope that measured the steps before, or
            the recording of the run, whose steps go on in this one.
        on_event: called with an `Alert` (kind, step, network, layer, message) when a network diverges, its gradient
            vanishes or explodes, a layer is dead or saturated; in the training's thread, when the step is over. An
            error in it is reported, and does not reach the training.
        stop_on: "diverged" raises `shiftscope.Diverged` at the end of the step at which a network did.
        first_step: how many updates there were before, where that is not what `resume` knows.

    Raises:
        WatchError: what is given cannot be watched, or does not go together.
        TypeError: more than the networks is given without a name.
        ValueError: a probe, tier or stream that does not exist, or a probe chosen by name that lacks what it needs.
    """
    check_named(misplaced)
    networks = check_networks(models)
    chosen = select(probes)
    check_options(schedule, schedules, total_steps, units, on_error)
    check_place(to, name, loss, token)
    _check(chosen, schedules or {}, loss)
    selection = check_layers(networks, layers)
    optimizers = check_optimizers(networks, optimizer)
    faults = Faults(on_error)
    check_start(first_step, resume)
    check_alarm(on_event, stop_on)
    before = _going_on(resume, first_step)
    scheduler = Scheduler(chosen.probes, schedule, schedules, total_steps, before.step, before.position)
    inputs = None if probe_batch is None else Inputs.given(probe_batch).copied()
    _WATCHED.replace(networks.values())
    _LEFTOVERS.collect()
    warm_up_in_background()
    sink, alarm = open_sink(to, name=name, token=token, rank=current_rank()), None
    if on_event is not None or stop_on is not None:
        sink = alerts = AlertSink(sink)
        alarm = Alarm(alerts.take, on_event, stop_on, faults).ring
    options = Options(chosen.probes, scheduler, total_steps, inputs, loss, tuple(units), before, alarm, selection)
    if optimizer is not None and not optimizers:
        tell(
            f"{type(optimizer).__name__} is no optimizer of torch's that holds the network's parameters: call step() "
            "of the scope after each update, or each is noticed when the next pass begins."
        )
    try:
        scope = Scope(networks, sink, options, faults, optimizers)
    except Exception as error:  # noqa: BLE001  reported: the training goes on with a scope that does nothing
        faults.fail(error)
        scope = Scope({}, sink, options, faults, [])
    if isinstance(resume, str | Path):
        scope.event("note", notice("event.goes_on", run=Path(resume).name, step=before.step))
    if to is None or isinstance(to, str | Path):
        _TERMINATION.add(scope)
    _WATCHED.add(scope, networks.values())
    return scope


class Scope:
    """Measures the networks at the steps that are due, and sends what it finds. A context manager; made by `watch`.

    It need not be kept. Where nobody closes it, its run ends with the script: finished, or failed with the error that
    ended the script; or before that, when networks and scope are gone.
    """

    def __init__(
        self, networks: Mapping[str, nn.Module], sink: Sink, options: Options, faults: Faults,
        optimizers: Sequence[Optimizer],
    ) -> None:  # fmt: skip
        self._sink, self._faults = sink, faults
        self._names = tuple(networks)
        self._closed = False
        self._session = Session(networks, sink, options, faults)
        self._stepping = Stepping(self._session, networks, faults, optimizers)
        self._ending = Ending(self, networks, sink, self._session.recorded_so_far)
        _LEFTOVERS.add(self._session, networks.values())

    @property
    def steps_done(self) -> int:
        """How many updates the networks have had."""
        return self._session.step

    @property
    def recorded(self) -> bool:
        """Whether anything was recorded; until then evaluations wait for what the recording is to hold."""
        return self._session.recorded

    @property
    def armed(self) -> bool:
        """Whether something is measured at the coming step."""
        return bool(self._session.due)

    @property
    def diverged(self) -> Mapping[str, int]:
        """The networks whose loss, activations or gradients were found not finite, and the step of the first time."""
        return self._session.diverged

    def state(self, *, same_recording: bool = False) -> dict[str, Any]:
        """Return what is carried from the steps so far to those that follow, to be kept with a checkpoint.

        It holds tensors and numbers in dicts, lists and tuples: what torch.save writes, torch.load reads by default.

        What a scope that resumes it records under a name is what this one would have: drift is that from the first
        step of all. Drift on training batches goes on in the same recording, and begins anew in another.

        Args:
            same_recording: whether the steps that follow go on in this scope's recording, with the frames that this
                one would have written next; else they begin another, with a frame of their first step.
        """
        return self._session.state(same_recording=same_recording).plain()

    def settle(self) -> None:
        """Wait for what is still on its way from a device, and record it: `diverged` knows all steps so far then."""
        with self._faults:
            self._session.settle()

    def measure(
        self,
        losses: PerNetwork | None = None,
        *,
        accuracies: PerNetwork | None = None,
        learning_rate: float | None = None,
        batch: Batch | None = None,
    ) -> None:
        """Measure all networks, if this step is due: call it after the backward pass and before the update.

        Args:
            losses: of this step's batch, by network (or of the only one). A tensor is read only if the step is due.
            accuracies: likewise, as fractions.
            learning_rate: of the update to come; read from the optimizer where the scope follows one.
            batch: the step's inputs and targets.

        Raises:
            WatchError: a number is not given for each of several networks, or for one that is not watched.
        """
        if not self._session.due or self._closed:
            return
        loss_of, accuracy_of = self._by_network(losses), self._by_network(accuracies)
        with self._faults:
            for name in self._names:
                loss, accuracy = (self._number(one.get(name)) for one in (loss_of, accuracy_of))
                self._stepping.measure(name, Given(loss, accuracy, batch, learning_rate))

    def log(self, *given: Mapping[str, PerNetwork], **numbers: PerNetwork) -> None:
        """Record any numbers by name, anywhere in the loop, `scope.log(loss=loss)` or `scope.log({"val/loss": 1.2})`.

        Each is a float, a tensor of one number or whatever has one, or for several networks a dict of them. It belongs
        to the updates so far; a `loss` or an `accuracy` of the training batch to the step of that batch, whether it is
        logged before the update or behind it. The first 2,000 of a name are all kept, then ever fewer. Tensors that are
        not kept are not read, and no GPU is waited for. What is no number warns once and is left out.
        """
        if self._closed:
            return
        with self._faults:
            self._session.log(numbers, given)

    def step(self) -> None:
        """Take note that the networks were updated. Does nothing where an optimizer of torch's has made it known.

        Raises:
            WatchError: the scope is closed.
        """
        if self._closed:
            raise WatchError("the scope is closed")
        with self._faults:
            self._stepping.step()

    def evaluate(self, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Record what was found in eval mode after the updates so far.

        `metrics` holds, by network, any of test_loss, test_accuracy, train_loss, train_accuracy: always the same ones.
        Those that are given before the first step, or else all four, are what the run records.

        Raises:
            ValueError: there is no such network or metric, or the run does not record it.
        """
        with self._faults:
            self._session.evaluate(metrics)

    def event(self, kind: EventKind, message: Notice | str, *, network: str = "", layer: str = "") -> None:
        """Record that something happened: a `kind` of "note" is marked on the page's timeline with its message.

        Raises:
            ValueError: there is no such kind.
        """
        if kind not in get_args(EventKind):
            raise MisuseError(f"there is no event of kind {kind!r}; there are {', '.join(get_args(EventKind))}")
        with self._faults:
            self._sink.event(kind, self._session.step, message, network=network, layer=layer)

    def close(self, state: EndState = "finished", reason: Notice | str = "") -> None:
        """Let go of the networks and end the run; `state` is finished, stopped or failed. Further calls do nothing.

        Raises:
            Diverged: a network did at the last steps, that was asked for, and the run would have finished.
        """
        if self._closed:
            return
        self._closed = True
        _TERMINATION.remove(self)
        self._ending.cancel()
        nothing = "end.nothing_seen"
        with self._faults:
            nothing = self._session.why_nothing
            self._stepping.remove()
            self._session.write_rest()
        stop: Diverged | None = None
        try:
            with self._faults:
                self._session.ring()
        except Diverged as error:
            if state == "finished":  # else something else ends the training already
                stop, state, reason = error, "failed", f"{type(error).__name__}: {error}"
        with self._faults:
            self._session.close()
        with self._faults:
            if state == "finished" and not (self._session.recorded or self._faults.failed or reason):
                reason = notice(nothing, networks=", ".join(self._names))
                if self._session.step or nothing != "end.nothing_seen":
                    caution(str(reason))
            elif state == "stopped" and not self._session.recorded and not self._faults.failed:
                tell(f"nothing was recorded by the scope before: {reason}")
            self._sink.end(state, reason)
        if stop is not None:
            raise stop

    def view(self, height: int = 640) -> PageView:
        """Return what shows the run's page in a notebook, as a scope does that is the last expression of a cell."""
        page, path = getattr(self._sink, "page", ""), getattr(self._sink, "path", "")
        return PageView(str(page), str(path), height)

    def _repr_html_(self) -> str:
        return self.view()._repr_html_()

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

    def _number(self, value: Tensor | float | None) -> Tensor | float | None:
        """Read a number; one on a device stays there, and is sent with the step."""
        if not isinstance(value, Tensor):
            return value
        return value.item() if self._session.on_host(value) else value.detach().reshape(())

    def _by_network(self, values: PerNetwork | None) -> Mapping[str, Tensor | float]:
        if values is None:
            return _NO_NUMBERS
        if not isinstance(values, Tensor) and isinstance(values, Mapping):  # the second takes long to say no
            unknown = [str(name) for name in values if name not in self._names]
            if unknown and self._names:
                raise WatchError(f"there is no network {unknown[0]!r}; there are {', '.join(self._names)}")
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


def _going_on(resume: Mapping[str, Any] | ScopeState | str | Path | None, first_step: int | None) -> ScopeState:
    """Return what is carried to the first step of a run, which may go on from another.

    Raises:
        WatchError: the recording that it goes on from cannot be read, or the state is none.
    """
    if isinstance(resume, ScopeState | None):
        before = resume or ScopeState()
    elif isinstance(resume, Mapping):
        try:
            before = ScopeState.of(resume)
        except ValueError as error:
            raise WatchError(
                f"resume is state() of a scope, or the path of a recording, not a dict of {error}"
            ) from error
    else:
        try:
            with open_recording(resume) as recording:
                before = ScopeState(recording.steps_done)
        except (OSError, RecordingError) as error:
            raise WatchError(f"resume: {error}") from error
    return before if first_step is None else replace(before, step=first_step)
