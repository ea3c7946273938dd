"""A run that goes on from its own checkpoint records what it would have: the same frames and events, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor
from typing_extensions import override

from shiftscope import config as c
from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.runs.controls import Controls
from shiftscope.runs.outcome import run_to_end
from shiftscope.runs.train import Keeping
from shiftscope.wire.assignment import Again, Applied
from shiftscope.wire.messages import Command
from tests.runs.keeping import Narrated, States

STEPS, EVERY = 64, 9
"""An epoch of the digits has 14 batches of 100."""
DONE = c.Intervention(freeze_below="hidden 2", bn_strength=0.5, noise=0.1)


def config(**changes: object) -> c.RunConfig:
    variants = (
        c.Variant(name="without BN", dropout=0.2),
        c.Variant(name="with BN", normalization=c.BatchNormalization()),
    )
    return c.RunConfig.model_validate({
        "network": c.Mlp(depth=2, width=8), "variants": variants, "optimizer": c.Momentum(), "batch_size": 100,
        "duration": c.Steps(steps=STEPS), "recording": c.Thinning(frames=20, studies=20), "checkpoint_every": EVERY,
        **changes,
    })  # fmt: skip


class Steered(Narrated):
    """Gives commands once so many steps are done."""

    def __init__(self, controls: Controls, orders: dict[int, Command], state: Checkpoint | None = None) -> None:
        super().__init__(state)
        self._controls, self._orders = controls, orders

    @override
    def progress(self, step: int) -> None:
        super().progress(step)
        if step in self._orders:
            self._controls.obey(self._orders[step])


def run(
    wanted: c.RunConfig, states: States, state: Checkpoint | None = None, again: Again | None = None,
    orders: dict[int, Command] | None = None,
) -> Narrated:  # fmt: skip
    controls = Controls(again=again)
    sink = Steered(controls, orders or {}, state)
    keeping = Keeping(states, sink.checkpoints(EVERY, states))
    ended = run_to_end(wanted, sink, datasets=Path("nowhere"), controls=controls, state=state, keeping=keeping)
    assert ended.state == "finished", ended.reason
    return sink


def frames(sink: Narrated, after: int = 0) -> list[tuple[str, int, bytes]]:
    """Return stream, step and row of each frame after so many; of what measuring costs, only that it is there."""
    names = {layout.stream: layout.name for layout in sink.header.layouts}
    return [
        (names[frame.stream], frame.step, b"" if names[frame.stream] == "cost" else frame.row.tobytes())
        for frame in sink.frames[after:]
    ]


KINDS = {
    "mlp": config(),
    "adam, everything": config(optimizer=c.Adam(), probes="full"),
    "convolution": config(network=c.Cnn(depth=2, channels=3), duration=c.Steps(steps=30), batch_size=50),
    "recurrent": config(network=c.Rnn(width=6), optimizer=c.RmsProp()),
    "noisy and whitened": config(variants=(
        c.Variant(name="noisy", normalization=c.NoisyBatchNormalization()),
        c.Variant(name="whitened", normalization=c.Whitening(group_size=4)),
    )),
    "replicas": config(replicas=2, duration=c.Steps(steps=30), variants=(
        c.Variant(name="BN", normalization=c.BatchNormalization(), dropout=0.2),
        c.Variant(name="SyncBN", normalization=c.BatchNormalization(sync=True)),
    )),
}  # fmt: skip


@pytest.mark.parametrize("wanted", KINDS.values(), ids=KINDS)
def test_a_run_goes_on_with_the_frames_and_events_that_it_would_have_had(wanted):
    states = States()
    whole = run(wanted, states)
    last = states.at(max(states.own))
    for cut in (EVERY, 2 * EVERY):
        head, again = states.own[cut][0], States()
        rest = run(wanted, again, states.at(cut))
        assert frames(rest) == frames(whole, head.seq), cut
        assert rest.events == whole.events[head.events :], cut
        assert rest.header == whole.header
        assert trained(again.at(last.steps_done)) == trained(last)


def trained(state: Checkpoint) -> Any:
    """Return all that the training and its scope carry; what the narrator carries shows in what it says."""
    return plain(vars(replace(state, measuring={"scope": state.measuring["scope"]})))


def plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        return str(value.dtype), tuple(value.shape), value.detach().numpy().tobytes()
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def test_what_is_done_to_a_run_is_done_again_at_the_same_steps():
    slower = Command(command="set", learning_rate=0.01)
    frozen = Command(command="set", networks={"with BN": DONE})
    wanted, states = config(recording=c.Every(every=1)), States()
    whole = run(wanted, states, orders={20: slower, 23: frozen})
    applied = tuple(Applied.model_validate(event.value) for event in whole.events if event.kind == "applied")
    assert [(one.step, one.learning_rate, bool(one.networks)) for one in applied] == [
        (0, 0.05, False), (20, 0.01, False), (23, 0.01, True),
    ]  # fmt: skip
    again = Again(until=30, applied=applied)
    asked = {19: Command(command="set", learning_rate=0.01)}  # as a server says hello
    resumed: dict[int, States] = {}
    # Before it, between the two, while both are so; and what was resumed is resumed again.
    for cut in (0, 18, 27, 45):
        source = resumed[27] if cut == 45 else states
        seq, events = (states.own[cut][0].seq, states.own[cut][0].events) if cut else (0, 0)
        resumed[cut] = States()
        sink = run(wanted, resumed[cut], source.at(cut) if cut else None, again, asked)
        assert frames(sink) == frames(whole, seq), cut
        assert sink.events == whole.events[events:], cut
        assert trained(resumed[cut].at(63)) == trained(states.at(63)), cut
