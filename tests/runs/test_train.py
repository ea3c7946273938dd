from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shiftscope.config import Every, Mlp, RunConfig, Steps, Thinning
from shiftscope.runs.controls import Controls
from shiftscope.runs.train import schedule_of, studies_of
from shiftscope.wire.messages import Command
from tests.waiting import PATIENCE, eventually


def nothing() -> None: ...


def unwanted(path: Path) -> None:
    raise AssertionError(path)


def once_waiting(controls: Controls, command: Command) -> Callable[[], None]:
    """Return what lets another thread give a command; it cannot before the controls wait, and let go of their lock."""
    return lambda: threading.Thread(target=controls.obey, args=[command]).start()


def test_at_full_speed_nothing_waits() -> None:
    controls = Controls()
    waits: list[int] = []
    assert all(controls.proceed(lambda: waits.append(1), unwanted) for _ in range(1000))
    assert not waits


def test_a_paused_run_waits_and_sends_what_is_pending_once() -> None:
    controls = Controls()
    controls.obey(Command(command="pause"))
    waits: list[int] = []
    proceeded: list[bool] = []
    training = threading.Thread(target=lambda: proceeded.append(controls.proceed(lambda: waits.append(1), unwanted)))
    training.start()
    eventually(lambda: waits)
    controls.obey(Command(command="set", learning_rate=0.5))  # wakes it, but lets it do no step
    assert proceeded == []
    controls.obey(Command(command="step"))
    training.join(PATIENCE)
    assert (proceeded, waits) == ([True], [1])


def test_granted_steps_are_taken_and_no_more() -> None:
    controls = Controls()
    for command in ("pause", "step", "step"):
        controls.obey(Command(command=command))
    assert controls.proceed(nothing, unwanted)
    assert controls.proceed(nothing, unwanted)
    assert not controls.proceed(once_waiting(controls, Command(command="stop")), unwanted)


def test_pausing_again_takes_back_granted_steps() -> None:
    controls = Controls()
    for command in ("pause", "step", "pause"):
        controls.obey(Command(command=command))
    assert not controls.proceed(once_waiting(controls, Command(command="stop")), unwanted)


@pytest.mark.parametrize("command", [Command(command="stop"), Command(command="set", pace=None)])
def test_a_command_ends_the_wait_for_a_slow_pace(command: Command) -> None:
    controls = Controls(pace=1e-9)
    assert controls.proceed(nothing, unwanted)
    assert controls.proceed(once_waiting(controls, command), unwanted) == (command.command == "set")


def test_the_pace_spaces_steps() -> None:
    controls = Controls(pace=50)
    began = time.monotonic()
    for _ in range(11):
        controls.proceed(nothing, unwanted)
    assert time.monotonic() - began >= 10 / 50


def test_a_learning_rate_is_taken_once() -> None:
    controls = Controls()
    controls.obey(Command(command="set", learning_rate=0.5))
    assert [one.learning_rate for one in controls.take_changes(0)] == [0.5]
    assert list(controls.take_changes(1)) == []


@pytest.mark.parametrize("recording", [Thinning(frames=50), Every(every=7), Every(every=1000)])
def test_the_first_and_the_last_step_are_always_recorded(recording: Thinning | Every) -> None:
    config = RunConfig(network=Mlp(depth=1, width=4), duration=Steps(steps=500), recording=recording)
    due = schedule_of(config)
    steps = [step for step in range(500) if due(step)]
    assert (steps[0], steps[-1]) == (0, 499)
    if isinstance(recording, Thinning):
        assert steps[:5] == list(range(5))
        assert 40 <= len(steps) <= 60


@pytest.mark.parametrize("recording", [Every(every=10, studies=2000), Thinning(frames=50, studies=2000)])
def test_a_run_says_how_often_studies_are_done(recording: Thinning | Every) -> None:
    def counts(chosen: Thinning | Every) -> dict[str, int]:
        config = RunConfig(network=Mlp(depth=1, width=4), duration=Steps(steps=2000), recording=chosen)
        return {name: sum(map(due, range(2000))) for name, due in studies_of(config).items()}

    assert counts(recording) == counts(Thinning(frames=2000))
    assert 25 <= counts(recording)["landscape"] <= 35
    assert counts(Every(every=10)) == counts(Thinning(frames=50)) == counts(Thinning())
    assert counts(Every(every=10))["landscape"] < 20
