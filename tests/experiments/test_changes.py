from __future__ import annotations

import pytest

from shiftscope.experiments.catalogue import catalogue
from shiftscope.experiments.changes import changed
from shiftscope.experiments.experiment import Experiment


@pytest.mark.parametrize("experiment", catalogue(), ids=lambda experiment: experiment.id)
def test_each_experiment_suggests_a_next_run_that_differs(experiment: Experiment) -> None:
    assert experiment.next is not None
    assert experiment.next != experiment.config
    assert experiment.next.seed == experiment.config.seed


def test_the_suggested_run_is_the_one_that_is_named() -> None:
    (table,) = (experiment for experiment in catalogue() if experiment.id == "mnist-table")
    assert table.next is not None
    assert table.next.optimizer.learning_rate == 0.001
    expected = table.config.model_dump()
    expected["optimizer"]["learning_rate"] = 0.001
    assert table.next.model_dump() == expected


def test_nothing_is_suggested_for_what_is_not_known() -> None:
    assert changed("nothing", catalogue()[0].config) is None
