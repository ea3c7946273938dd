"""A run that several processes train: what is recorded of each, and what comes of one that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from shiftscope import config as c
from shiftscope.engine.scope_state import ScopeState
from shiftscope.lab.data.datasets import load
from shiftscope.lab.training import replicas as training
from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.lab.training.loop import Training
from shiftscope.notices import Notice
from shiftscope.runs.controls import Controls
from shiftscope.runs.outcome import Outcome, run_to_end
from shiftscope.testing.collecting import Collecting
from shiftscope.wire.messages import Command
from tests.conftest import REPOSITORY
from tests.waiting import PATIENCE, eventually

REPLICAS, BATCH, STEPS = 3, 12, 8
CONFIG = c.RunConfig(
    network=c.Mlp(depth=2, width=6), batch_size=BATCH, replicas=REPLICAS, duration=c.Steps(steps=STEPS),
    recording=c.Every(every=1),
    variants=(
        c.Variant(name="BN", normalization=c.BatchNormalization(), dropout=0.1),
        c.Variant(name="SyncBN", normalization=c.BatchNormalization(sync=True)),
    ),
)  # fmt: skip
TWO = CONFIG.model_copy(update={"network": c.Cnn(depth=2, channels=6), "replicas": 2})


class Acting(Collecting):
    """Does something once so many steps are done."""

    def __init__(self, acts: dict[int, Callable[[], None]]) -> None:
        super().__init__()
        self._acts = acts

    @override
    def progress(self, step: int) -> None:
        super().progress(step)
        if act := self._acts.pop(step, None):
            act()


def run(
    sink: Collecting, controls: Controls | None = None, state: Checkpoint | None = None, config: c.RunConfig = CONFIG
) -> Outcome:
    return run_to_end(config, sink, datasets=Path("nowhere"), controls=controls or Controls(), state=state)


def begun() -> Checkpoint:
    """Return the state of such a training after a step, for another run to go on from."""
    alone = Training(CONFIG, load(CONFIG.dataset, Path("nowhere"), lambda *_: None))
    alone.compute()
    alone.update()
    return replace(alone.checkpoint(), measuring={"scope": asdict(ScopeState())})


def runs(pid: int) -> bool:
    """Whether there is such a process; one that has ended may wait long for who asks how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def replicas() -> list[int]:
    """Return the processes that this one has started as replicas."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            command = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"shiftscope.runs.replica" in command:
            found.append(int(path.name))
    return sorted(found)


@pytest.mark.parametrize(
    ("config", "layers", "positions"),
    [(CONFIG, ("hidden 1", "hidden 2"), 1), (TWO, ("conv 1", "conv 2"), 8 * 8)],
    ids=["units", "channels"],
)
def test_what_each_replica_has_is_recorded_beside_what_all_have_whatever_is_done_to_the_run(config, layers, positions):
    of, values = config.replicas, BATCH * positions
    controls = Controls()
    change = Command(
        command="set", learning_rate=0.01, networks={"BN": c.Intervention(bn_strength=0, noise=0.1)}
    )  # fmt: skip
    sink = Acting({3: lambda: controls.obey(change)})
    assert run(sink, controls, config=config).state == "finished"
    assert replicas() == []
    assert len(sink.of("replicas")) == len(sink.of("steps")) == STEPS
    assert (sink.header.process.rank, sink.header.process.of) == (0, of)
    for network in ("BN", "SyncBN"):
        for layer in layers:
            means, stds, mean, std, spread = (
                sink.values(name, network=network, layer=layer).astype(np.float64)
                for name in ("replica_mean", "replica_std", "joined_mean", "joined_std", "replica_spread")
            )
            assert means.shape == (STEPS, of, 6)
            np.testing.assert_allclose(mean, means.mean(1), atol=1e-5)
            joined = (stds**2 + (means - mean[:, None]) ** 2).mean(1)
            np.testing.assert_allclose(std**2, joined, rtol=1e-3, atol=1e-6)
            between = means.var(axis=1, ddof=1).mean(1)
            np.testing.assert_allclose(spread**2, between / (joined.mean(1) * values / (values - 1)), rtol=1e-3)
            assert (spread > 0).all()
            if positions == 1:
                chance = sink.values("replica_chance", network=network, layer=layer)
                np.testing.assert_allclose(chance, (of / BATCH) ** 0.5, rtol=1e-6)
    assert ("replica_chance" in {one.quantity for one in sink.layout("replicas").entries}) == (positions == 1)


def test_a_run_with_replicas_can_be_paused_and_stopped():
    controls = Controls()
    sink = Acting({3: lambda: controls.obey(Command(command="pause"))})
    outcomes: list[Outcome] = []
    running = threading.Thread(target=lambda: outcomes.append(run(sink, controls, config=TWO)))
    running.start()
    eventually(lambda: sink.steps == 3)
    assert len(replicas()) == 1
    controls.obey(Command(command="step"))
    eventually(lambda: sink.steps == 4)
    controls.obey(Command(command="stop"))
    running.join(PATIENCE)
    assert (outcomes[0].state, outcomes[0].reason.values["done"]) == ("stopped", 4)
    assert replicas() == []


class Killing(Controls):
    """Kills a replica before the step that comes after so many."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step

    @override
    def proceed(self, before_waiting: Callable[[], None], save: Callable[[str], None], step: int = 0) -> bool:
        if step == self._step:
            os.kill(replicas()[-1], signal.SIGKILL)
        return super().proceed(before_waiting, save, step)


@pytest.mark.parametrize("resumed", [False, True], ids=["later", "in the first step that goes on from a state"])
def test_a_replica_that_is_killed_ends_the_run_with_that_reason(resumed):
    sink = Collecting()
    outcome = run(sink, Killing(1 if resumed else 4), begun() if resumed else None)
    assert (outcome.state, outcome.reason.code) == ("failed", "end.replica_killed")
    values = dict(outcome.reason.values)
    assert values.pop("replica") in range(1, REPLICAS)
    assert values == {"of": REPLICAS, "signal": "SIGKILL"}
    assert sink.ended == ("failed", str(outcome.reason))
    assert replicas() == []


def test_what_fails_in_the_worker_alone_is_the_reason_though_the_others_wait_for_it(monkeypatch):
    def failing(_):
        raise RuntimeError("no memory left")  # with the others on their way through the step

    monkeypatch.setattr(training, "gathered", failing)
    assert run(Collecting(), config=TWO) == Outcome("failed", Notice(text="RuntimeError: no memory left"))
    assert replicas() == []


def test_replicas_end_with_the_process_that_started_them_and_leave_no_file(tmp_path):
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from tests.runs.test_replicas import Acting, begun, replicas, run\n"
        "def die():\n"
        "    folder, = Path(os.environ['TMPDIR']).glob('shiftscope-replicas-*')\n"
        "    assert not [*folder.glob('state-*')], 'all have read the state'\n"
        "    print(*replicas(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "if __name__ == '__main__':\n"
        "    run(Acting({2: die}), state=begun())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    started = [int(pid) for pid in ended.stdout.split()]
    assert len(started) == REPLICAS - 1
    eventually(lambda: not any(runs(pid) for pid in started))
    assert not [*tmp_path.glob("shiftscope-replicas-*")]
