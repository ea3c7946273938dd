"""A data set is one module: what it declares is all that the config, the form and the loader need."""

from __future__ import annotations

from pathlib import Path

import pytest

import shiftscope
from shiftscope.config import Mlp, RunConfig, Sgd, Steps
from shiftscope.config.datasets import DATASETS, Images, UnseenClasses
from shiftscope.lab.data.datasets import load
from shiftscope.runs.controls import Controls
from shiftscope.runs.outcome import run_to_end
from shiftscope.sinks.file import open_file
from tests.lab.data.toy import Toy


class ToyConfig(RunConfig):
    dataset: Toy = Toy()


def test_a_run_is_trained_on_a_data_set_of_one_file(tmp_path: Path) -> None:
    config = ToyConfig(
        network=Mlp(depth=2, width=8), optimizer=Sgd(learning_rate=0.5), batch_size=16, duration=Steps(steps=60)
    )
    path = tmp_path / "run.shiftscope"
    outcome = run_to_end(config, open_file(path), datasets=tmp_path, controls=Controls())
    assert outcome.state == "finished", outcome.reason
    with shiftscope.open_recording(path) as recording:
        accuracy = recording.values("evaluation", "test_accuracy", network="with BN")
    assert accuracy[-1] > 0.9
    assert ToyConfig.model_validate_json(config.model_dump_json()) == config


def test_a_config_refuses_what_does_not_fit_the_data_set() -> None:
    with pytest.raises(ValueError, match="batch_size 65 is more than the 64 training samples"):
        ToyConfig(batch_size=65)
    with pytest.raises(ValueError, match="2 classes cannot be left out of 2: at least one is trained on"):
        ToyConfig(dataset=Toy(test_corruption=UnseenClasses(classes=2)))


@pytest.mark.parametrize("dataset", [one for one in DATASETS if one.original is None])
def test_what_a_data_set_declares_is_so(dataset: type[Images], tmp_path: Path) -> None:
    data = load(dataset(), tmp_path, lambda *_: None)
    assert tuple(data.train_labels.bincount().tolist()) == dataset.class_counts
    assert data.train_inputs.shape[1] == dataset().features
    assert 0 <= float(data.train_inputs.min()) <= float(data.train_inputs.max()) <= 1


@pytest.mark.parametrize("dataset", [one for one in DATASETS if one.original is not None])
def test_the_files_are_of_the_images_that_are_declared(dataset: type[Images]) -> None:
    original = dataset.original
    assert original is not None
    assert (original.title, original.image, original.classes) == (
        dataset.title, dataset.image, len(dataset.class_counts),
    )  # fmt: skip
