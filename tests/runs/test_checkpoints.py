"""A run that goes on from a checkpoint records what its origin does, number for number."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typing_extensions import override

from shiftscope import config as c
from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.runs.checkpoints import narrator_of
from shiftscope.runs.controls import Controls
from shiftscope.runs.outcome import Outcome, run_to_end
from shiftscope.runs.train import Keeping
from shiftscope.scope import watch
from shiftscope.testing.collecting import Collecting
from shiftscope.wire.messages import Command
from shiftscope.wire.state_file import StateHead
from tests.runs.keeping import States
from tests.waiting import PATIENCE, eventually

CUT, STEPS = 12, 31
"""An epoch of the digits has 14 batches of 100."""


def config(**changes: object) -> c.RunConfig:
    variants = (
        c.Variant(name="without BN", dropout=0.2),
        c.Variant(name="with BN", normalization=c.NoisyBatchNormalization()),
    )
    return c.RunConfig.model_validate({
        "network": c.Mlp(depth=2, width=8), "variants": variants, "optimizer": c.Momentum(), "batch_size": 100,
        "duration": c.Steps(steps=STEPS), "recording": c.Every(every=1), **changes,
    })  # fmt: skip


class AtStep(Collecting):
    """Gives commands once so many steps are done."""

    def __init__(self, controls: Controls, step: int, *commands: Command) -> None:
        super().__init__()
        self._controls, self._step, self._commands = controls, step, commands

    @override
    def progress(self, step: int) -> None:
        super().progress(step)
        if step == self._step:
            for command in self._commands:
                self._controls.obey(command)


THERE = "0123456789abcdef"


def run(
    wanted: c.RunConfig, sink: Collecting, controls: Controls | None = None, start: States | None = None,
    deposit: States | None = None,
) -> Outcome:  # fmt: skip
    state = Checkpoint.of_bytes(start.named[THERE]) if start else None
    return run_to_end(
        wanted, sink, datasets=Path("nowhere"), controls=controls or Controls(), state=state,
        keeping=Keeping(deposit),
    )  # fmt: skip


def origin(wanted: c.RunConfig, states: States, step: int = CUT) -> Collecting:
    controls = Controls()
    sink = AtStep(controls, step, Command(command="checkpoint", name=THERE))
    assert run(wanted, sink, controls, deposit=states).state == "finished"
    return sink


def recorded(sink: Collecting, since: int) -> dict[tuple[str, int], bytes]:
    """Return the rows since a step, by stream and step: but for what measuring costs, and when it was done."""
    names = {layout.stream: layout.name for layout in sink.header.layouts}
    return {
        (names[frame.stream], frame.step): frame.row.tobytes()
        for frame in sink.frames
        if frame.step >= since and names[frame.stream] != "cost"
    }


@pytest.mark.parametrize("optimizer", [c.Momentum(), c.Adam()], ids=lambda one: one.kind)
def test_a_fork_records_what_its_origin_does(optimizer):
    wanted, states = config(optimizer=optimizer, probes="full"), States()
    first = origin(wanted, states)
    fork = Collecting()
    assert run(wanted, fork, start=states).state == "finished"
    assert [(event.kind, event.step) for event in first.events if event.kind == "checkpoint"] == [("checkpoint", CUT)]
    assert min(frame.step for frame in fork.frames) == CUT
    assert fork.header.total_steps == fork.steps == STEPS
    one, other = recorded(first, CUT), recorded(fork, CUT)
    assert other.pop(("evaluation", CUT))
    assert {stream for stream, _ in one} >= {"steps", "layers", "drift", "sampling_shift", "evaluation", "landscape"}
    # Its first step is recorded whole. Which frames hold the widest stream follows from how many there were.
    assert {step for stream, step in other.keys() - one.keys() if stream != "channels"} <= {CUT}
    both = {key for key in one.keys() | other.keys() if key in other and (key[0] != "channels" or key in one)}
    assert one.keys() - both <= {key for key in one if key[0] == "channels"}
    assert {key for key in both & one.keys() if one[key] != other[key]} == set()


def test_a_paused_run_keeps_its_state_while_it_waits():
    controls, states = Controls(), States()
    pause, keep = Command(command="pause"), Command(command="checkpoint", name=THERE)
    sink = AtStep(controls, CUT, pause, keep)
    training = threading.Thread(target=run, args=(config(), sink, controls, None, states))
    training.start()
    assert eventually(lambda: [event.step for event in sink.events if event.kind == "checkpoint"]) == [CUT]
    assert sink.steps == CUT
    fork = Collecting()
    assert run(config(), fork, start=states).state == "finished"
    controls.obey(Command(command="resume"))
    training.join(PATIENCE)
    losses = [collected.of("steps")[-1].row.tobytes() for collected in (sink, fork)]
    assert losses[0] == losses[1]


def test_a_fork_takes_the_learning_rate_of_its_config():
    states = States()
    origin(config(), states)
    fork = Collecting()
    run(config(optimizer=c.Momentum(learning_rate=0.01)), fork, start=states)
    assert set(fork.values("learning_rate").tolist()) == {np.float32(0.01)}


def test_what_has_diverged_is_no_news_to_who_resumes():
    network, sinks = nn.Linear(2, 1), [Collecting(), Collecting()]
    state = None
    for sink in sinks:
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        with watch({"net": network}, to=sink, optimizer=optimizer, resume=state) as scope:
            (network(torch.ones(2, 2)) * float("nan")).sum().backward()
            optimizer.step()
            state = scope.state()
            assert (scope.steps_done, scope.diverged) == (sinks.index(sink) + 1, {"net": 0})
    assert [[event.step for event in sink.events] for sink in sinks] == [[0], []]
    assert {frame.step for frame in sinks[1].frames} == {1}


class Full(States):
    @override
    def put(self, head: StateHead, contents: bytes, name: str = "") -> None:
        raise OSError("the disk is full")


def test_a_state_that_cannot_be_kept_is_said_and_the_run_goes_on():
    first = origin(config(), Full())
    said = [event.message for event in first.events if event.kind == "checkpoint"]
    assert said == ["the state could not be kept: the disk is full"]
    assert first.ended == ("finished", "")


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_what_is_done_to_batch_normalization_is_measured_as_it_is(strength):
    done = c.Intervention(bn_strength=strength, noise=0.5 if strength else 0)
    twins = (c.Variant(name="without BN"), c.Variant(name="with BN", normalization=c.BatchNormalization()))
    wanted = config(variants=twins, probes="full", duration=c.Steps(steps=6))
    sink = Collecting()
    ended = run(wanted, sink, Controls(networks={"with BN": done}))
    assert (ended.state, {event.kind for event in sink.events} & {"note", "diverged"}) == ("finished", set())
    same = {"layer": "hidden 2", "site": "pre_activation"}
    plain, faded = (sink.values("std", network=name, **same) for name in ("without BN", "with BN"))
    assert np.array_equal(plain, faded) == (strength == 0)
    assert np.isfinite(sink.values("gradient_norm", network="with BN", layer="hidden 1", site="")).all()


@pytest.mark.parametrize("own", [None, {}, {"narrator": "a text"}, ["a list"]])
def test_a_state_without_a_narrator_that_can_be_read_has_none(own: object) -> None:
    nothing = torch.empty(0)
    state = Checkpoint(
        1, networks={}, optimizers={}, random={}, order=nothing, permutation=nothing, measuring={"own": own}
    )
    assert narrator_of(state) == b""
