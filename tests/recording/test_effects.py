"""One click has one step: a script reads a change at the step from which the worker did it, as the page shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shiftscope.recording.documents import Event, RunInfo
from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter

FROZEN, RELEASED = {"freeze_below": "hidden 3", "bn_strength": 1}, {"freeze_below": None}


def clicked(step: int, value: Any, network: str = "plain") -> Event:
    return Event(time=step, step=step, kind="intervention", network=network, value=value)


def rate(step: int, value: float) -> Event:
    return Event(time=step, step=step, kind="learning_rate", value=value)


def applied(step: int, **more: Any) -> Event:
    return Event(time=step, step=step, kind="applied", value={"step": step, **more})


@pytest.mark.parametrize(
    ("events", "steps"),
    [
        ([clicked(572, FROZEN), applied(576, networks={"plain": FROZEN})], [576, 576]),
        (
            [
                clicked(10, FROZEN), clicked(12, RELEASED), applied(14, networks={"plain": FROZEN}),
                applied(16, networks={"plain": RELEASED}),
            ],
            [14, 16, 14, 16],
        ),
        ([clicked(10, FROZEN), clicked(12, RELEASED), applied(16, networks={"plain": RELEASED})], [16, 16, 16]),
        ([applied(14, networks={"plain": FROZEN}), clicked(20, FROZEN)], [14, 20]),
        ([clicked(10, FROZEN, "other"), applied(14, networks={"plain": FROZEN})], [10, 14]),
        ([applied(0, learning_rate=0.1), rate(20, 1), applied(23, learning_rate=1.0)], [0, 23, 23]),
        ([rate(20, 0.5), applied(23, learning_rate="fast"), applied(24)], [20, 23, 24]),
    ],
    ids=["one click", "two", "taken back before it was done", "yet to come", "another network's", "rate", "nothing"],
)  # fmt: skip
def test_a_change_has_the_step_from_which_it_is_in_the_training(
    tmp_path: Path, events: list[Event], steps: list[int]
) -> None:
    path = tmp_path / "run.shiftscope"
    writer = RecordingWriter.create(path, RunInfo(id="run", name="run", source="worker", created=1.0))
    for event in events:
        writer.log(event)
    writer.close()
    with open_recording(path) as recording:
        assert [event.step for event in recording.journal()] == steps
        assert [event.time for event in recording.journal()] == [event.time for event in events]
