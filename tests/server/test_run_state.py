"""The fold from a journal to a run's status: no file, no clock, no server."""

from __future__ import annotations

import threading
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from shiftscope.config import RunConfig
from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import Event, RecordingError, RunInfo
from shiftscope.server.run_state import NEXT, RunState, RunStatus
from shiftscope.server.runs import Run

INFO = RunInfo(id="r", name="first", source="worker", created=0.0, config=RunConfig(pace=5))


def event(time: float, kind: str, value: Any, step: int = 0, message: str = "") -> Event:
    return Event(time=time, step=step, kind=kind, value=value, message=message)


def fold(*events: Event) -> RunStatus:
    return reduce(RunStatus.apply, events, RunStatus.of(INFO))


def test_a_run_begins_as_its_config_says() -> None:
    status = fold()
    assert (status.name, status.state, status.step) == ("first", RunState.QUEUED, 0)
    assert (status.pace, status.learning_rate) == (5, 0.1)
    script = RunStatus.of(INFO.model_copy(update={"config": None}))
    assert (script.pace, script.learning_rate) == (None, None)


def test_pauses_are_no_training() -> None:
    life = [
        event(10, "state", "preparing"), event(20, "state", "running"), event(25, "state", "paused", step=7),
        event(100, "state", "running"),
    ]  # fmt: skip
    going_on = fold(*life)
    assert (going_on.started, going_on.ended, going_on.step) == (20, None, 7)
    assert going_on.elapsed(now=103) == 8
    assert going_on.elapsed(now=90) == 5, "a clock that was set back takes nothing away"
    ended = fold(*life, event(110, "state", "stopped", message="enough"))
    assert (ended.state, ended.reason, ended.ended) == (RunState.STOPPED, Notice(text="enough"), 110)
    assert ended.elapsed(now=10_000) == 15


def test_how_long_was_trained_is_what_was_measured_and_not_what_dates_say() -> None:
    life = [event(20, "state", "running"), event(7246, "state", "stopped").model_copy(update={"trained": 20.5})]
    assert fold(*life).elapsed(now=10_000) == 20.5


@pytest.mark.parametrize(
    ("happened", "name", "value"),
    [
        (event(1, "name", "second"), "name", "second"),
        (event(1, "pace", None), "pace", None),
        (event(1, "pace", 30), "pace", 30.0),
        (event(1, "learning_rate", 0.5), "learning_rate", 0.5),
        (event(1, "note", "of somebody's", step=12), "step", 12),
    ],
)
def test_what_an_event_changes(happened: Event, name: str, value: object) -> None:
    before = fold()
    after = before.apply(happened)
    assert getattr(after, name) == value
    assert before == fold(), "a status does not change, another follows on it"


def test_the_step_never_goes_back() -> None:
    assert fold(event(1, "note", None, step=9), event(2, "note", None, step=3)).step == 9
    assert fold().reach(4).reach(2).step == 4


def test_what_has_ended_is_followed_by_nothing() -> None:
    assert {state for state in RunState if state.ended} == {
        RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED,
    }  # fmt: skip
    assert all(following in RunState for state in RunState for following in NEXT[state])


def test_what_a_viewer_finds_damaged_is_not_undone_by_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.create(tmp_path, "a run", "script", None)
    finding = threading.Thread(target=run.find_damaged, args=(RecordingError(notice("action.pause")),))
    reach = RunStatus.reach

    def meanwhile(status: RunStatus, step: int) -> RunStatus:
        finding.start()
        finding.join(0.2)
        return reach(status, step)

    monkeypatch.setattr(RunStatus, "reach", meanwhile)
    run.progress(3)
    finding.join()
    run.close()
    assert (run.state, run.status.step) == (RunState.INTERRUPTED, 3)
