"""Each verdict comes out each way: by figures that are as the claim says, and by the opposite ones."""

from __future__ import annotations

import math

import pytest

from shiftscope.experiments.catalogue import CLAIMS, find
from shiftscope.experiments.outcomes import Outcome
from shiftscope.experiments.text import literal
from shiftscope.experiments.verdict import Part, Results, conclude, number, table
from tests.experiments.examples import FIGURES, mnist, seeds_of
from tests.translations.messages import has_words, messages, messages_of


def judge(experiment: str, holds: bool, seeds: int = 1):
    return find(experiment).judge(seeds_of(experiment, holds, seeds))


def test_no_claim_is_left_out():
    assert list(FIGURES) == [claim.experiment.id for claim in CLAIMS]


@pytest.mark.parametrize("experiment", FIGURES)
def test_figures_as_the_claim_says_support_it(experiment):
    verdict = judge(experiment, True)
    assert verdict.kind == "supported", verdict.sentence.text


@pytest.mark.parametrize("experiment", FIGURES)
def test_the_opposite_figures_do_not(experiment):
    verdict = judge(experiment, False)
    assert verdict.kind == "not_supported", verdict.sentence.text


@pytest.mark.parametrize("experiment", FIGURES)
def test_a_verdict_is_told_with_a_table_in_messages_that_the_source_names(experiment):
    known = messages()
    for holds in (True, False):
        verdict = judge(experiment, holds, seeds=2)
        assert verdict.table.rows
        assert {len(row) for row in verdict.table.rows} == {len(verdict.table.columns)}
        cells = [cell for row in (verdict.table.columns, *verdict.table.rows) for cell in row]
        said = {message for text in (verdict.sentence, *cells) for message in messages_of(text)}
        assert {message for message in said if has_words(message)} <= known


def test_a_run_that_is_not_there_is_named():
    with pytest.raises(KeyError, match="8 sigmoid layers"):
        find("vanishing-gradients").judge({"another run": [{"x": 1.0}]})


def test_a_published_loss_outside_the_range_is_named():
    figures = mnist(True)["784-32-32-10"]
    figures["with BN/10/test_loss"] = 0.2
    verdict = find("1").judge({"784-32-32-10": [figures]})
    assert verdict.kind == "depends"
    assert "outside: with BN, epoch 10, test: 0.0912 published, 0.200–0.200 measured" in verdict.sentence.text


YES, NO, UNKNOWN = Outcome.HOLDS, Outcome.FAILS, Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("outcomes", "kind", "sentence"),
    [
        ((YES, YES), "supported", "Supported: a (1); b (2)."),
        ((NO, NO), "not_supported", "Not supported. Does not hold: a (1); b (2)."),
        ((YES, NO), "depends", "It depends. Holds: a (1). Does not hold: b (2)."),
        (
            (YES, NO, UNKNOWN),
            "depends",
            "It depends. Holds: a (1). Does not hold: b (2). Not measured: c (3).",
        ),
        ((YES, UNKNOWN), "undecided", "Undecided. Holds: a (1). Not measured: b (2)."),
        ((NO, UNKNOWN), "undecided", "Undecided. Does not hold: a (1). Not measured: b (2)."),
        ((UNKNOWN, UNKNOWN), "undecided", "Undecided. Not measured: a (1); b (2)."),
        ((), "undecided", "Undecided."),
    ],
)
def test_the_parts_make_the_verdict(outcomes, kind, sentence):
    parts = [
        Part(outcome=one, says=literal(name), numbers=literal(value))
        for one, name, value in zip(outcomes, "abc", "123", strict=False)
    ]
    verdict = conclude(parts, table(literal("x"), [], []))
    assert (verdict.kind, verdict.sentence.text) == (kind, sentence)


def test_results_over_seeds():
    results = Results({"run": [{"a": 1.0, "b": math.inf}, {"a": 2.0, "b": 1.0}, {"a": 6.0, "b": 1.0}]})
    assert results.mean("run", "a") == 3.0
    assert results.mean("run", "b") == math.inf
    assert results.shown("run", "a").text == "3 (1–6)"
    assert results.seeds == 3


@pytest.mark.parametrize(
    ("runs", "cell"),
    [
        ([{}, {}], "not measured"),
        ([{"net/a": math.nan}, {}], "not measured"),
        ([{"net/a": math.nan, "net/diverged": 3.0}] * 2, "diverged"),
        ([{"net/a": math.nan, "net/diverged": 3.0}, {}], "not measured"),
        ([{"net/a": math.nan, "net/diverged": 3.0}, {"net/a": 1.0}], "diverged in 1 of 2 seeds"),
        ([{"net/a": math.nan, "other/diverged": 3.0}, {"net/a": 1.0}], "not measured in 1 of 2 seeds"),
        ([{"net/a": math.inf, "net/diverged": 3.0}, {"net/a": 1.0}], "∞ (1–∞)"),
    ],
)
def test_a_table_tells_why_a_figure_is_not_there(runs, cell):
    results = Results({"run": runs})
    assert results.shown("run", "net/a").text == cell
    assert math.isnan(results.mean("run", "net/a")) == (not cell.startswith("∞"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.12345, "0.123"),
        (12.345, "12.3"),
        (1234.5, "1234"),
        (704.0, "704"),
        (2.5e-9, "2.5e-9"),
        (3e7, "3.0e7"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_as_people_write_them(value, shown):
    assert number(value) == shown
