"""watch(): look into networks while they train."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from shiftscope.probes.capture import Tap, WatchError
from shiftscope.probes.emission import Emission
from shiftscope.probes.observation import Observation
from shiftscope.probes.plan import Stream
from shiftscope.probes.probe import Probe, Tier
from shiftscope.probes.registry import select
from shiftscope.probes.schedules import Schedule, thinning
from shiftscope.probes.structure import find_parts
from shiftscope.sinks import ServerSink, Sink, open_file

__all__ = ["Scope", "WatchError", "watch"]

logger = logging.getLogger(__name__)

PerNetwork = Mapping[str, Tensor | float] | Tensor | float
"""A number for each network by name, or the number of the only one."""


def watch(  # noqa: PLR0913  all but the first are keywords with defaults
    models: nn.Module | Mapping[str, nn.Module],
    *,
    to: str | Path | Sink = "http://127.0.0.1:8000",
    name: str = "",
    probes: Tier | str | Sequence[str] = Tier.STANDARD,
    schedule: Schedule | None = None,
    total_steps: int | None = None,
    optimizer: Optimizer | Mapping[str, Optimizer] | None = None,
    probe_batch: Tensor | None = None,
) -> Scope:
    """Begin to look into one network, or several that are trained in step.

    Args:
        models: a network, or networks by the names that are shown.
        to: a server's address, the path of a recording to be made, or a sink.
        name: of the run.
        probes: a tier (essential, standard, full) or the names of single probes.
        schedule: steps to record; by default every step at first, then smoothly fewer.
        total_steps: how many steps there will be, where known.
        optimizer: the optimizer, or one for each network. Its steps then drive the scope, and nothing else needs to be
            called; without it, call `measure` before each update and `step` after it.
        probe_batch: fixed inputs on which drift is measured.

    Raises:
        WatchError: a network is compiled, or has no layers.
        ValueError: a probe or tier that does not exist.
        SinkError: the server cannot be reached.
        RecordingError: the file cannot be made.
    """
    del probe_batch
    networks = dict(models) if isinstance(models, Mapping) else {type(models).__name__: models}
    scope = Scope(
        networks,
        _open(to, name),
        probes=select(probes),
        schedule=schedule or thinning(total_steps),
        total_steps=total_steps,
    )
    if optimizer is not None:
        scope.follow(optimizer)
    return scope


class Scope:
    """Measures the networks at the steps that are due, and sends what it finds. A context manager; made by `watch`."""

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        sink: Sink,
        *,
        probes: Sequence[Probe],
        schedule: Schedule,
        total_steps: int | None = None,
    ) -> None:
        self._networks = networks
        self._taps = {name: _tap(name, module) for name, module in networks.items()}
        self._sink = sink
        self._probes = probes
        # The three are parts of one pass; the channels' may be sparser than the others', never denser.
        self._schedules = {Stream.STEPS: schedule, Stream.LAYERS: schedule, Stream.CHANNELS: schedule}
        self._emission = Emission(sink, tuple(networks), total_steps)
        self._observations: dict[str, Observation] = {}
        self._measured: set[str] = set()
        self._updated: set[str] = set()
        self._learning_rate: float | None = None
        self._optimizers: dict[str, Optimizer] = {}
        self._handles: list[RemovableHandle] = []
        self._diverged: dict[str, int] = {}
        self._step = 0
        self._due: frozenset[Stream] = frozenset()
        self._closed = False
        self._arm()

    @property
    def steps_done(self) -> int:
        """How many updates the networks have had."""
        return self._step

    @property
    def armed(self) -> bool:
        """Whether the coming step is recorded."""
        return bool(self._due)

    @property
    def diverged(self) -> Mapping[str, int]:
        """The networks whose loss, activations or gradients were found not finite, and the step of the first time."""
        return self._diverged

    def follow(self, optimizer: Optimizer | Mapping[str, Optimizer]) -> None:
        """Let the optimizer's steps, one a network or one for all, drive the scope."""
        per_network = dict(optimizer) if isinstance(optimizer, Mapping) else dict.fromkeys(self._networks, optimizer)
        if per_network.keys() != self._networks.keys():
            raise WatchError(f"optimizers for {', '.join(per_network)} do not match {', '.join(self._networks)}")
        self._optimizers = per_network
        for one in dict.fromkeys(per_network.values()):
            own = [name for name, other in per_network.items() if other is one]
            self._handles.append(one.register_step_pre_hook(lambda *_, own=own: self._before_update(own)))
            self._handles.append(one.register_step_post_hook(lambda *_, own=own: self._after_update(own)))

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
            SinkError: nothing more can be sent.
        """
        del batch
        if not self._due:
            return
        self._learning_rate = learning_rate
        given = {"loss": self._by_network(losses), "accuracy": self._by_network(accuracies)}
        for name in self._networks:
            scalars = {quantity: _number(values[name]) for quantity, values in given.items() if name in values}
            self._measure(name, scalars)

    def step(self) -> None:
        """Say that the networks were updated. Does nothing where the scope follows the optimizers.

        Raises:
            WatchError: the step is due but was not measured.
            SinkError: nothing more can be sent.
        """
        if not self._optimizers:
            self._finish_step()

    def evaluate(self, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Record what was found in eval mode after the updates so far.

        `metrics` holds, by network, any of test_loss, test_accuracy, train_loss, train_accuracy.
        """
        self._emission.evaluation(self._step, metrics)

    def event(self, kind: str, message: str, *, network: str = "", layer: str = "") -> None:
        """Record that something happened."""
        self._sink.event(kind, self._step, message, network=network, layer=layer)

    def close(self, state: str = "finished", reason: str = "") -> None:
        """Let go of the networks and end the run; `state` is finished, stopped or failed. Further calls do nothing."""
        if self._closed:
            return
        self._closed = True
        self._due = frozenset()
        for handle in self._handles:
            handle.remove()
        for tap in self._taps.values():
            tap.disarm()
        self._sink.end(state, reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif issubclass(kind, KeyboardInterrupt):
            self.close("stopped", "interrupted from the keyboard")
        else:
            self.close("failed", f"{kind.__name__}: {error}")

    def _arm(self) -> None:
        due = frozenset(stream for stream, schedule in self._schedules.items() if schedule(self._step))
        if due:
            for tap in self._taps.values():
                tap.arm()
        elif self._due:
            for tap in self._taps.values():
                tap.disarm()
        self._due = due

    def _measure(self, name: str, scalars: Mapping[str, float]) -> None:
        if name in self._measured:
            return
        observation = self._observations.get(name)
        if observation is None:
            observation = self._observations[name] = Observation(
                name, self._networks[name], self._taps[name], self._probes, scalars
            )
        count = observation.measure(self._due, scalars)
        self._measured.add(name)
        if count and name not in self._diverged:
            self._tell_divergence(name, scalars.get("loss"), count)

    def _tell_divergence(self, name: str, loss: float | None, count: float) -> None:
        self._diverged[name] = self._step
        what = (
            f"its loss is {loss}" if loss is not None and not isfinite(loss) else f"{count:.0f} values are not finite"
        )
        self.event("diverged", f"{name} diverged at step {self._step}: {what}", network=name)

    def _before_update(self, names: Sequence[str]) -> None:
        if self._due:
            for name in names:
                self._measure(name, {})

    def _after_update(self, names: Sequence[str]) -> None:
        self._updated.update(names)
        if len(self._updated) == len(self._networks):
            self._updated.clear()
            self._finish_step()

    def _finish_step(self) -> None:
        if self._closed:
            raise WatchError("the scope is closed")
        if self._due:
            if len(self._measured) < len(self._networks):
                raise WatchError(
                    f"step {self._step} is due, but measure() was not called between its backward pass and its update"
                )
            learning_rate = self._current_learning_rate()
            if not self._emission.begun:
                observations = [self._observations[name] for name in self._networks]
                self._emission.begin(observations, learning_rate=learning_rate is not None)
            self._emission.send(self._due, self._step, learning_rate)
            self._measured.clear()
        self._step += 1
        self._sink.progress(self._step)
        self._arm()

    def _current_learning_rate(self) -> float | None:
        if self._learning_rate is None and self._optimizers:
            first = next(iter(self._optimizers.values()))
            return float(first.param_groups[0]["lr"])
        return self._learning_rate

    def _by_network(self, values: PerNetwork | None) -> Mapping[str, Any]:
        if values is None:
            return {}
        if isinstance(values, Mapping):
            return values
        if len(self._networks) > 1:
            raise WatchError(f"give a number for each of {', '.join(self._networks)}")
        return dict.fromkeys(self._networks, values)


def _tap(name: str, network: nn.Module) -> Tap:
    parts = find_parts(network)
    if not any(part.kind == "linear" for part in parts):
        raise WatchError(f"{name} ({type(network).__name__}) has no linear map or convolution to look at")
    return Tap(network, parts)


def _open(to: str | Path | Sink, name: str) -> Sink:
    if isinstance(to, str) and "://" in to:
        return ServerSink.connect(to, name=name)
    if isinstance(to, str | Path):
        return open_file(Path(to), name=name)
    return to


def _number(value: Tensor | float) -> float:
    return value.item() if isinstance(value, Tensor) else value
