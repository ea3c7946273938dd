"""What a verdict rests on is what the run recorded: alike kept in the process, in the file, and as the page draws it.

The golden run's frames (tests/golden/make_run.py) are those that tests/frontend/one-number.test.js draws: there each
chart, headline and file shows what was recorded under its name, here each figure and table cell does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from shiftscope.config import Digits, Steps
from shiftscope.experiments.catalogue import find
from shiftscope.experiments.claims.depth import DEEP, MOVE, SINCE
from shiftscope.experiments.experiment import Claim
from shiftscope.experiments.figures import figures_of
from shiftscope.experiments.reductions import evaluated, hidden_layers, networks
from shiftscope.experiments.verdict import Results, number
from shiftscope.recording.reader import open_recording
from shiftscope.recording.streams import Streams
from shiftscope.runs.controls import Controls
from shiftscope.runs.train import train
from shiftscope.sinks.file import FileSink
from shiftscope.wire.frames import RunHeader, split
from tests.conftest import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden"
RECORDED = ("3", "4", "5", "14", "15", "21", "22", "23")
"""Claims whose verdicts are reductions of the streams."""


class Golden(Streams):
    """Reads the frames that the page's test draws."""

    def __init__(self) -> None:
        self._header = RunHeader.model_validate_json((GOLDEN / "run.json").read_text(encoding="utf-8"))
        sizes = {layout.stream: layout.frame_bytes for layout in self._header.layouts}
        self._frames = list(split((GOLDEN / "run.bin").read_bytes(), sizes))

    @property
    def header(self) -> RunHeader:
        return self._header

    def _steps(self, numbers: Collection[int]) -> Iterator[int]:
        return (frame.step for frame in self._frames if frame.stream in numbers)

    def _slices(self, places: Mapping[int, slice]) -> Iterator[bytes]:
        return (frame.data[places[frame.stream]] for frame in self._frames if frame.stream in places)

    def __str__(self) -> str:
        return "the golden run"


@cache
def golden() -> Golden:
    return Golden()


def figures_from(claim: Claim) -> dict[str, float]:
    return dict(claim.figures(golden(), {}))


def test_drift_is_what_the_map_draws():
    found = figures_from(find("depth"))
    for network in networks(golden()):
        layers = hidden_layers(golden(), network)
        for quantity in (SINCE, MOVE):
            columns = [
                golden().values("drift", quantity, network=network, layer=layer, site="pre_activation")
                for layer in layers
            ]
            expected = [column[-1] if quantity == SINCE else column[1:].astype(float).mean() for column in columns]
            assert [found[f"{network}/{layer}/{quantity}"] for layer in layers] == pytest.approx(expected, rel=1e-12)
            assert found[f"{network}/{quantity}"] == pytest.approx(np.mean(expected), rel=1e-6)


def test_gradients_and_accuracies_are_those_of_their_charts():
    gradients, last = figures_from(find("vanishing-gradients")), evaluated(golden())
    for network in networks(golden()):
        norms = [
            golden().values("layers", "gradient_norm", network=network, layer=layer)
            for layer in hidden_layers(golden(), network)
        ]
        assert gradients[f"{network}/first_gradient_at_start"] == norms[0][0]
        assert gradients[f"{network}/largest_gradient"] == max(map(max, norms))
        assert gradients[f"{network}/gradient_ratio_at_start"] == pytest.approx(norms[0][0] / norms[-1][0])
        for name in ("test_accuracy", "test_loss", "train_loss"):
            assert last[f"{network}/{name}"] == golden().values("evaluation", name, network=network)[-1]


def test_spread_and_sampling_shift_are_those_of_their_charts():
    spreads, sampling = figures_from(find("initialization")), figures_from(find("sampling-shift"))
    for network in networks(golden()):
        layers = hidden_layers(golden(), network)
        at = {"network": network, "site": "pre_activation"}
        stds = [golden().values("layers", "std", layer=layer, **at)[0] for layer in layers]
        assert [spreads[f"{network}/{layer}/0/std"] for layer in layers] == stds
        assert spreads[f"{network}/0/std_ratio"] == pytest.approx(max(stds) / min(stds))
        assert np.isnan(spreads[f"{network}/1000/std_ratio"]), "the run has no such step"
        shifts = [golden().values("sampling_shift", "wasserstein_over_sigma", layer=layer, **at) for layer in layers]
        assert sampling[f"{network}/last/sampling_shift"] == pytest.approx(np.mean([one[-10:] for one in shifts]))


def test_a_cell_of_the_table_is_the_recorded_number():
    results = Results({DEEP: [figures_from(find("depth"))]})
    for network in networks(golden()):
        value = golden().values("drift", SINCE, network=network, layer="hidden 2", site="pre_activation")[-1]
        assert results.shown(DEEP, f"{network}/hidden 2/{SINCE}").text == number(float(value))


@pytest.mark.parametrize("name", RECORDED)
def test_the_file_gives_the_same_figures_as_the_process_kept(name, tmp_path: Path):
    claim = find(name)
    run = claim.experiment.runs[0]
    config = run.config.model_copy(update={"duration": Steps(steps=12), "dataset": Digits()})
    path = tmp_path / "run.shiftscope"
    train(
        config,
        FileSink(path, config=config),
        datasets=tmp_path,
        controls=Controls(),
        waiting=lambda *_: None,
        claim=claim,
    )
    with open_recording(path) as recording:
        measured = figures_of(recording.journal())
        again = evaluated(recording) | dict(replace(claim, measurement="").figures(recording, measured))
    assert measured is not None
    assert again
    assert json.dumps({one: measured[one] for one in again}) == json.dumps(again)
