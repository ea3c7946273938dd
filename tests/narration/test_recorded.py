"""Sentences in recordings: written as a run is recorded, else found anew, and never against the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shiftscope.cli import app
from shiftscope.narration.narrator import Narrator
from shiftscope.narration.recorded import recorded_sentences
from shiftscope.recording.reader import Recording, open_recording
from tests.narration.stories import DRIFT, Story, codes, of_before, recorded, waking

WANTED = ["still_smaller", "moved_farther", "wakes_moving", "equal_loss_moved", "end"]


@pytest.fixture
def made() -> Story:
    return waking()


def test_a_script_without_a_server_has_the_sentences_in_its_recording(tmp_path: Path, made: Story) -> None:
    with open_recording(recorded(tmp_path / "a.shiftscope", made)) as recording:
        told = [event for event in recording.journal() if event.kind == "narration"]
    assert [event.code.removeprefix("narration.") for event in told] == WANTED


def test_an_old_recording_has_the_same_sentences_found_anew(tmp_path: Path, made: Story) -> None:
    with (
        open_recording(recorded(tmp_path / "a.shiftscope", made)) as new,
        open_recording(of_before(tmp_path / "b.shiftscope", made)) as old,
    ):
        assert not [event for event in old.journal() if event.kind == "narration"]
        here, there = recorded_sentences(new), recorded_sentences(old)
    assert [event.model_copy(update={"time": 0}) for event in here] == [
        event.model_copy(update={"time": 0}) for event in there
    ]


def test_a_run_that_goes_on_has_no_end_yet(made: Story) -> None:
    assert set(codes(list(chain.from_iterable(map(Narrator(made.header).observe, made.frames))))) == set(WANTED[:4])


def test_the_report_of_a_file(tmp_path: Path, made: Story) -> None:
    said = CliRunner().invoke(app, ["report", str(recorded(tmp_path / "a.shiftscope", made))])
    assert said.exit_code == 0, said.output
    assert "step 50: plain has not begun to learn: its loss is 1, at the start it was 1." in said.output
    missing = CliRunner().invoke(app, ["report", str(tmp_path / "none.shiftscope")])
    assert missing.exit_code == 1
    assert "none.shiftscope" in missing.output


def numbers(recording: Recording) -> Iterator[tuple[str, float, float]]:
    """Yield what sentences say, and what the charts of the same recording draw: name, said, drawn."""
    for event in recorded_sentences(recording):
        values = event.values

        def drawn(stream: str, quantity: str, step: int, network: str, layer: str, site: str = "") -> float:
            at = list(recording.steps(stream)).index(step)
            return float(recording.values(stream, quantity, network=network, layer=layer, site=site)[at])

        if event.code == "narration.still_smaller":
            first = str(values["layer_name"])
            mine = drawn("layers", "gradient_norm", event.step, str(values["name"]), first)
            its = drawn("layers", "gradient_norm", event.step, str(values["other"]), first)
            yield from (("gradient", float(str(values["gradient"])), mine), ("its", float(str(values["its"])), its))
            yield "times", float(str(values["times"])), its / mine
        if event.code == "narration.wakes_moving":
            where = str(values["name"]), str(values["layer_name"]), "pre_activation"
            for said, step in (("before", "since"), ("drift", "until")):
                found = drawn("drift", DRIFT, int(str(values[step])), *where)
                yield said, float(str(values[said])), found
        if event.code == "narration.equal_loss_moved":
            for name, layer, step, said in (
                ("name", "layer_name", "early", "drift"),
                ("other", "other_layer", "late", "other_drift"),
            ):
                # The drift frame of a step comes behind the frame of its layers: the one before it is meant.
                found = drawn(
                    "drift", DRIFT, int(str(values[step])) - 1, str(values[name]), str(values[layer]), "pre_activation"
                )
                yield said, float(str(values[said])), found


def test_no_sentence_contradicts_the_numbers_in_the_charts(tmp_path: Path, made: Story) -> None:
    with open_recording(recorded(tmp_path / "a.shiftscope", made)) as recording:
        compared = list(numbers(recording))
    assert len(compared) == 7
    for name, said, drawn in compared:
        assert said == pytest.approx(drawn, rel=0.06 if name == "times" else 0.006), name
