from __future__ import annotations

import pytest
from pydantic import ValidationError

from shiftscope.config import RunConfig
from shiftscope.experiments.catalogue import catalogue, find
from shiftscope.experiments.changes import changed, normalize, times, to
from shiftscope.experiments.experiment import Experiment


@pytest.mark.parametrize("experiment", catalogue(), ids=lambda experiment: experiment.id)
def test_each_experiment_suggests_a_next_run_that_differs(experiment: Experiment) -> None:
    assert experiment.next != experiment.config
    assert experiment.next.seed == experiment.config.seed
    names = {variant.name for variant in experiment.config.variants}
    assert {variant.name for variant in experiment.next.variants} == names


def test_the_suggested_run_is_the_one_that_is_named() -> None:
    table = find("mnist-table").experiment
    assert table.next.optimizer.learning_rate == 0.001
    expected = table.config.model_dump()
    expected["optimizer"]["learning_rate"] = 0.001
    assert table.next.model_dump() == expected


def test_changes_are_made_one_after_the_other() -> None:
    config = changed(RunConfig(), to("network.depth", 3), times("network.depth", 2), normalize("batch", momentum=0.5))
    assert config == RunConfig.model_validate(
        RunConfig().model_dump()
        | {
            "network": RunConfig().network.model_dump() | {"depth": 6},
            "variants": [
                variant.model_dump()
                | (
                    {"normalization": variant.normalization.model_dump() | {"momentum": 0.5}}
                    if variant.normalization.kind == "batch"
                    else {}
                )
                for variant in RunConfig().variants
            ],
        }
    )


def test_a_change_that_makes_no_sound_config_is_refused() -> None:
    with pytest.raises(ValidationError, match="batch_size"):
        changed(RunConfig(), to("batch_size", 0))
