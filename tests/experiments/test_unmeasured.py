"""NaN never makes a claim hold, nor fail: each figure of each claim in turn is not a number, infinite, or missing."""

from __future__ import annotations

import math
from itertools import product

import pytest

from shiftscope.experiments.catalogue import find
from shiftscope.experiments.outcomes import Outcome
from shiftscope.experiments.verdict import Verdict
from tests.experiments.asked import Asked
from tests.experiments.examples import FIGURES, seeds_of

OTHERS = (-1e30, -1.0, 0.0, 1e-9, 0.3, 0.5, 1.0, 3.0, 1e30)
"""Values that show whether an outcome rests on a figure."""
CASES = [
    (experiment, label, name)
    for experiment, examples in FIGURES.items()
    for label, figures in examples(True).items()
    for name in figures
]


def judged(experiment: str, holds: bool, label: str, name: str, value: float | None) -> Verdict:
    """Judge the example with one figure of one seed replaced, or taken away for None."""
    measured = seeds_of(experiment, holds, seeds=2)
    figures = dict(measured[label][0]) | {name: value}
    measured[label] = [{key: one for key, one in figures.items() if one is not None}, *measured[label][1:]]
    return find(experiment).judge(measured)


def outcomes(verdict: Verdict) -> list[Outcome]:
    return [part.outcome for part in verdict.parts]


@pytest.mark.parametrize("holds", [True, False], ids=["as claimed", "opposite"])
@pytest.mark.parametrize(("experiment", "label", "name"), CASES)
def test_what_rests_on_nan_is_undecided(experiment, label, name, holds):
    before = outcomes(find(experiment).judge(seeds_of(experiment, holds, seeds=2)))
    verdict = judged(experiment, holds, label, name, math.nan)
    found = [outcomes(judged(experiment, holds, label, name, value)) for value in OTHERS]
    for i, (was, now) in enumerate(zip(before, outcomes(verdict), strict=True)):
        assert now in {was, Outcome.UNDECIDED}
        if any(other[i] is not was for other in found):
            assert now is Outcome.UNDECIDED, verdict.parts[i].says.text
    if outcomes(verdict) != before:
        assert verdict.kind == "undecided"
        assert "Not measured: " in verdict.sentence.text


@pytest.mark.parametrize(("experiment", "label", "name"), CASES)
def test_what_is_missing_is_as_nan(experiment, label, name):
    assert judged(experiment, True, label, name, None) == judged(experiment, True, label, name, math.nan)


@pytest.mark.parametrize(("experiment", "label", "name"), CASES)
def test_infinity_makes_nothing_hold_that_a_very_large_number_does_not(experiment, label, name):
    for holds, sign in product((True, False), (1, -1)):
        large, infinite = (judged(experiment, holds, label, name, sign * value) for value in (1e30, math.inf))
        for expected, now in zip(outcomes(large), outcomes(infinite), strict=True):
            assert now is expected or now is not Outcome.HOLDS


@pytest.mark.parametrize("experiment", FIGURES)
def test_a_claim_of_which_nothing_was_measured_is_undecided(experiment):
    for value in (math.nan, None):
        measured = {
            label: [{name: value for name in figures if value is not None}]
            for label, figures in FIGURES[experiment](True).items()
        }
        verdict = find(experiment).judge(measured)
        assert verdict.kind == "undecided", verdict.sentence.text
        assert set(outcomes(verdict)) == {Outcome.UNDECIDED}
        assert any("not measured" in cell.text for row in verdict.table.rows for cell in row)


@pytest.mark.parametrize("experiment", FIGURES)
def test_the_examples_hold_every_figure_that_is_asked_for(experiment):
    measured = seeds_of(experiment, True)
    results = Asked(measured)
    find(experiment).verdict(results)
    assert {name for label, name in results.asked if name not in measured[label][0]} == set()
