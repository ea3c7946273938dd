"""Figures are entries of the recording, or means, ranges and rank correlations of them."""

import math

import numpy as np
import pytest

from shiftscope.experiments import reductions
from tests.experiments.made import Made

STEPS = np.array([0, 1, 3, 10])


def evaluations(accuracies, counts=(0, 0, 0)):
    made = Made(names=("net",), frames={"evaluation": [0, 22, 44], "steps": [0, 1, 40]})
    for name in reductions.EVALUATED:
        made.put("evaluation", name, accuracies, network="net")
    made.put("steps", "nonfinite_count", counts, network="net")
    return made


def test_the_last_evaluation():
    found = reductions.evaluated(evaluations([0.1, 0.5, 0.75]))
    assert found == {f"net/{name}": 0.75 for name in reductions.EVALUATED}


def test_where_a_network_diverged():
    found = reductions.evaluated(evaluations([0.1, 0.5, math.nan], counts=(0, 3, 7)))
    assert found["net/diverged"] == 1
    assert math.isnan(found["net/test_accuracy"])


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [([0.1, 324 / 360, 0.95], 22), ([0.1, 0.2, 0.899], math.inf), ([0.95, 0.1, 0.1], 0), ([math.nan] * 3, math.inf)],
)
def test_steps_to_an_accuracy_that_is_kept_in_32_bits(accuracies, expected):
    assert reductions.steps_to(evaluations(accuracies)) == {"net/steps": expected}


def test_what_was_not_recorded_at_a_step_is_not_known():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert reductions.at_step(STEPS, values, 3) == 3
    assert math.isnan(reductions.at_step(STEPS, values, 4))


def test_the_mean_over_training_counts_steps_and_not_frames():
    assert reductions.over_training(STEPS, np.array([7.0, 7.0, 7.0, 7.0])) == pytest.approx(7)
    line = 2.0 * STEPS + 1
    assert reductions.over_training(STEPS, line) == pytest.approx(11)  # of a straight line, the value half way
    assert reductions.over_training(STEPS, np.stack((line, -line), axis=1)).tolist() == pytest.approx([11, -11])
    early, late = (reductions.over_training(STEPS, line, *part) for part in ((0, 0.25), (0.75, 1)))
    assert (early, late) == (pytest.approx(2), 21)
    assert math.isnan(reductions.over_training(STEPS, line, 0.4, 0.6))
    assert math.isnan(reductions.over_training(STEPS, np.array([1.0, math.nan, 1.0, 1.0])))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.2, 5.0], 1.0),
        ([3.0, 2.0, 1.0], -1.0),
        ([1.0, 1.0, 2.0, 3.0], 0.9486832980505138),
        ([1.0, 2.0, math.inf], 1.0),
    ],
)
def test_rank_correlation(values, expected):
    assert reductions.rank_correlation(values) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[1.0, math.nan, 2.0], [1.0, 1.0, 1.0], [4.0], []])
def test_what_has_no_order_has_no_rank_correlation(values):
    assert math.isnan(reductions.rank_correlation(values))


def test_a_quantity_by_layer():
    made = Made(names=("net",), frames={"layers": [0, 5]})
    made.put("layers", "std", [1, 2], network="net", layer="hidden 1", site="pre_activation")
    made.put("layers", "std", [3, 4], network="net", layer="hidden 2", site="pre_activation")
    hidden = reductions.hidden_layers(made, "net")
    assert hidden == ("hidden 1", "hidden 2")
    found = reductions.by_layer(made, "layers", "std", network="net", layers=hidden, site="pre_activation")
    assert found.tolist() == [[1, 3], [2, 4]]
    assert reductions.layer_figures("net", "std", hidden, found[-1]) == {
        "net/hidden 1/std": 2, "net/hidden 2/std": 4, "net/std": 3,
    }  # fmt: skip


def test_one_name_is_one_number():
    assert reductions.merged({"a": 1.0}, {"b": 2.0}) == {"a": 1.0, "b": 2.0}
    with pytest.raises(ValueError, match="a: measured twice"):
        reductions.merged({"a": 1.0}, {"a": 1.0})
