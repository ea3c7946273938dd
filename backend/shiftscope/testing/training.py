"""A training that is watched with everything due at every step."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from shiftscope.engine.probe import Probe
from shiftscope.engine.schedules import every
from shiftscope.scope import Scope, watch
from shiftscope.testing.collecting import Collecting

RATE = 0.1
"""The learning rate."""
ACCURACY = 0.5
"""What the scope is told the accuracy was."""
Batches = Sequence[tuple[Tensor, Tensor]]


class ProbeCheckError(AssertionError):
    """What a probe did that it must not do."""


@dataclass(frozen=True)
class TrainedStep:
    """One step: the network as its batch found it and as the update left it."""

    before: nn.Module
    after: nn.Module
    inputs: Tensor
    targets: Tensor
    loss: float


def train(network: nn.Module, given: Batches, scope: Scope | None = None) -> list[TrainedStep]:
    """Train with plain gradient descent; return what each step was."""
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    steps = []
    for inputs, targets in given:
        before = copy.deepcopy(network)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's
        if scope:
            scope.measure(loss, accuracies=ACCURACY, learning_rate=RATE, batch=(inputs, targets))
        optimizer.step()
        if scope:
            scope.step()
        steps.append(TrainedStep(before, copy.deepcopy(network), inputs, targets, loss.item()))
    return steps


def watching(
    network: nn.Module, probes: Sequence[Probe], probe_batch: Tensor | None = None
) -> tuple[Scope, Collecting]:
    """Watch a network with these probes, all of it due at every step."""
    sink = Collecting()
    schedules = {probe.stream: every(1) for probe in probes} | {"cost": every(1)}
    scope = watch(
        {"net": network}, to=sink, probes=probes, schedule=every(1), schedules=schedules, probe_batch=probe_batch,
        loss=nn.functional.cross_entropy,
    )  # fmt: skip
    return scope, sink


def recorded(
    probe: Probe, network: nn.Module, given: Batches, when: str, *, after_first: Callable[[], None] = lambda: None
) -> tuple[list[TrainedStep], Collecting]:
    """Train a network with one probe; return the steps and what was recorded.

    `after_first` is called after the first step.

    Raises:
        ProbeCheckError: the probe failed; `when` says in what case.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scope, sink = watching(network, [probe], given[0][0])
        with scope:
            steps = train(network, given[:1], scope)
            after_first()
            steps += train(network, given[1:], scope)
    for event in sink.events:
        if event.kind == "note":
            raise ProbeCheckError(f"{when}: {event.message}")
    return steps, sink
