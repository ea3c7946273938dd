"""Each verdict comes out each way: by figures that are as the claim says, and by the opposite ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from shiftscope.experiments.catalogue import CLAIMS, find
from shiftscope.experiments.claims import corruptions, optimizers
from shiftscope.experiments.text import literal
from shiftscope.experiments.verdict import Part, Results, conclude, number, table
from tests.translations.messages import has_words, messages, messages_of

Measured = dict[str, dict[str, float]]
PLAIN, BN = "without BN", "with BN"


def of(network: str, **values: float) -> dict[str, float]:
    return {f"{network}/{name}": value for name, value in values.items()}


def every(experiment: str, figures: Mapping[str, float]) -> Measured:
    return {run.label: dict(figures) for run in find(experiment).experiment.runs}


def mnist(better: bool) -> Measured:
    published = {
        (BN, 1): (0.1297, 0.1407),
        (PLAIN, 1): (0.1878, 0.2053),
        (BN, 10): (0.0474, 0.0912),
        (PLAIN, 10): (0.1293, 0.21),
    }
    figures = {}
    for (network, epoch), losses in published.items():
        name = network if better else {BN: PLAIN, PLAIN: BN}[network]
        for part, loss in zip(("train", "test"), losses, strict=True):
            figures.update({f"{name}/{epoch}/{part}_loss": loss, f"{name}/{epoch}/{part}_accuracy": 0.96})
    return {"784-32-32-10": figures}


def vanishing(holds: bool) -> Measured:
    networks = (PLAIN, BN) if holds else (BN, PLAIN)
    small = of(networks[0], gradient_ratio_at_start=1e-5, gradient_ratio=1e-5, test_accuracy=0.1)
    large = of(networks[1], gradient_ratio_at_start=1.0, gradient_ratio=1.0, test_accuracy=0.97)
    return {"8 sigmoid layers": small | large}


def exploding(holds: bool) -> Measured:
    measured = every("exploding-gradients", of(BN, first_gradient_at_start=1, largest_gradient=2, test_accuracy=0.95))
    for label, figures in measured.items():
        learnt = holds and label != "as it is"
        figures.update(
            of(
                PLAIN,
                first_gradient_at_start=1e4 if holds else 5,
                largest_gradient=1e4,
                test_accuracy=0.9 if learnt else 0.1,
            )
        )
        if not holds:
            figures.update(of(BN, test_accuracy=0.1))
    return measured


def initialization(holds: bool) -> Measured:
    measured = every("initialization", {})
    for label, figures in measured.items():
        poor = label.startswith("std")
        bad, good = (0.1, 0.95) if holds else (0.95, 0.1)
        for network, accuracy in ((PLAIN, bad if poor else good), (BN, good)):
            figures.update(of(network, test_accuracy=accuracy))
            for step in (0, 100, 1000):
                figures[f"{network}/unlike/{step}"] = 1.5 if (step == 0) == holds else 5.0
    return measured


def learning_rates(holds: bool) -> Measured:
    measured = every("learning-rates", {})
    first, second = (PLAIN, BN) if holds else (BN, PLAIN)
    for label, figures in measured.items():
        rate = float(label.rsplit(" ", 1)[1])
        figures.update(
            of(
                first,
                test_accuracy=0.9,
                steps=500.0 if rate < 1 else math.inf,
                seconds=5.0 if rate < 1 else math.inf,
                step_seconds=0.01,
            )
        )
        figures.update(of(second, test_accuracy=0.9, steps=50.0, seconds=1.0, step_seconds=0.02))
    return measured


def batch_sizes(holds: bool) -> Measured:
    measured = every("batch-sizes", {})
    for label, figures in measured.items():
        small = {"batch 2": 0.3, "batch 4": 0.8}.get(label, 0.97)
        for network in (PLAIN, BN, "group norm"):
            breaks = (network == BN) == holds
            figures.update(of(network, test_accuracy=small if breaks else 0.97, own_test_accuracy=0.97))
    if not holds:
        measured["batch 4"] |= of(BN, test_accuracy=0.9)
    return measured


def regularization(holds: bool) -> Measured:
    true = "batch 16, true labels"
    gain = (
        {"batch 16": 0.05, "batch 256": 0.01, true: 0.01}
        if holds
        else {"batch 16": -0.05, "batch 256": 0.0, true: -0.01}
    )
    measured = every(
        "regularization", {"noise/slope": -0.5 if holds else 0.0} | {f"noise/{m}": 0.1 for m in (8, 32, 128, 512)}
    )
    for label, figures in measured.items():
        beside, alone = (0.0, 0.04) if holds else (0.04, 0.0)
        accuracies = {
            "neither": 0.85,
            "BN": 0.85 + gain[label],
            "dropout": 0.85 + alone,
            "both": 0.85 + gain[label] + beside,
        }
        for network, accuracy in accuracies.items():
            figures.update(of(network, test_accuracy=accuracy, train_accuracy=0.9))
    return measured


def place(holds: bool) -> Measured:
    return every(
        "before-or-after",
        {
            f"{network}/{name}": 0.9
            for network in (PLAIN, "BN before", "BN after")
            for name in ("test_accuracy", "steps")
        }
        | {"without BN/test_loss": 1.0, "BN before/test_loss": 0.1 if holds else 0.2, "BN after/test_loss": 0.11},
    )


def redundancy(holds: bool) -> Measured:
    error = {"float64": 1e-15, "float32": 1e-6} if holds else {"float64": 1e-3, "float32": 1e-3}
    figures = {}
    for dtype, value in error.items():
        figures.update({f"{BN}/{dtype}/bias": value, f"{dtype}/undone": value, f"{dtype}/as_it_was": 3.0})
        figures[f"{PLAIN}/{dtype}/bias"] = 2.0 if holds else 1e-9
    return {"5 hidden layers": figures}


def statistics(holds: bool) -> Measured:
    measured = every("inference-statistics", {})
    for label, figures in measured.items():
        for network in ("momentum 0.1", "momentum 0.01", "cumulative", "momentum 1"):
            slow = network == "momentum 0.01" and label == "200 steps"
            own = (0.5 if slow else 0.97) if holds else (0.97 if slow else 0.5)
            figures.update(of(network, test_accuracy=own, test_loss=0.1, gap=0.1, population_test_accuracy=0.97))
            figures.update(
                of(
                    network,
                    last_batch_test_accuracy=0.8 if holds else 0.97,
                    last_batch_test_loss=0.5,
                    population_test_loss=0.1,
                )
            )
    return measured


def folding(holds: bool) -> Measured:
    figures = {"time/bn_over_plain": 1.5, "time/folded_over_plain": 1.0 if holds else 1.5}
    for dtype in ("float64", "float32"):
        figures.update({f"{dtype}/difference": 1e-15 if holds else 0.1, f"{dtype}/agreement": 1.0 if holds else 0.9})
    return every("folding", figures)


def shifted_figures(holds: bool) -> Measured:
    measured = every("test-shift", {})
    for label, figures in measured.items():
        shifted = label in corruptions.SHIFTED
        lost = {PLAIN: 0.4, BN: 0.1} if holds else {PLAIN: 0.0, BN: 0.04}
        for network in (PLAIN, BN):
            accuracy = 0.97 - (lost[network] if shifted else 0.0)
            own = 0.97 if holds else accuracy
            figures.update(of(network, test_accuracy=accuracy, own_test_accuracy=own, confidence=0.9))
    return measured


def depth(holds: bool) -> Measured:
    figures = {}
    for network, drift in ((PLAIN, 4.0), (BN, 1.0 if holds else 3.9)):
        figures.update(
            of(
                network,
                drift=drift,
                move=drift,
                drift_with_depth=0.9 if holds else 0.1,
                move_with_depth=0.9 if holds else -0.9,
            )
        )
        figures.update(
            {f"{network}/{kind}/hidden {layer}": drift for kind in ("drift", "move") for layer in range(1, 11)}
        )
    return {"10 hidden layers": figures}


def sampling(holds: bool) -> Measured:
    plain = of(PLAIN, sampling=6.0 if holds else 1.0, sampling_at_start=1.0, drift=4.0)
    return every("sampling-shift", plain | of(BN, sampling=2.0 if holds else 1.0, sampling_at_start=1.0, drift=1.0))


def whitening(holds: bool) -> Measured:
    figures = {}
    for network, seconds, correlation in (
        (PLAIN, 1, 0.5),
        (BN, 1, 0.3 if holds else 0.05),
        ("ZCA", 4 if holds else 1, 0.01 if holds else 0.3),
        ("Cholesky", 3 if holds else 1, 0.01 if holds else 0.3),
    ):
        figures.update(of(network, step_seconds=seconds, correlation=correlation, test_accuracy=0.9, steps=100))
    return {"64 units whitened": figures}


def recurrent(holds: bool) -> Measured:
    measured = every("recurrent", {})
    for label, figures in measured.items():
        clipped = label == "clip by norm"
        plain = 0.8 if clipped == holds else 0.6
        accuracies = (
            {PLAIN: plain, "layer norm": 0.9, "BN per step": 0.7}
            if holds
            else {PLAIN: plain, "layer norm": 0.7, "BN per step": 0.9}
        )
        for network, accuracy in accuracies.items():
            figures.update(of(network, test_accuracy=accuracy, median_gradient=1, largest_gradient=10))
    return measured


def scaling(holds: bool) -> Measured:
    long, round_ = ((150, 200, 300), (1.1, 1, 100)) if holds else ((1.1, 1, 100), (150, 200, 300))
    measured = {}
    for label, (condition, steps, network_steps) in (("raw", long), ("standardized", round_)):
        measured[label] = (
            {"surface/condition": condition, "surface/steps": steps} | of(PLAIN, steps=network_steps) | of(BN, steps=50)
        )
    return measured


def optimizer_figures(holds: bool) -> Measured:
    assert set(optimizers.OPTIMIZERS) == set(every("optimizers", {}))
    return every(
        "optimizers", of(PLAIN, steps=100, test_accuracy=0.9) | of(BN, steps=50 if holds else 200, test_accuracy=0.95)
    )


def axes(holds: bool) -> Measured:
    hand = {"batch": ((-1, -1), (1, 1)), "layer": ((-1, 1), (-1, 1))}
    figures = {
        "batch/feature_mean": 0.0 if holds else 1.0,
        "batch/sample_mean": 1.0,
        "layer/feature_mean": 1.0,
        "layer/sample_mean": 0.0,
    }
    for kind, rows in hand.items():
        figures[f"{kind}/error"] = 0.0 if holds else 0.5
        figures.update({f"{kind}/{i}{j}": float(rows[i][j]) for i in (0, 1) for j in (0, 1)})
    figures.update(of("batch norm", depends=0.2 if holds else 0.0, test_accuracy=0.9))
    return {"batch and layer": figures | of("layer norm", depends=0.0, test_accuracy=0.9)}


def figure_one(holds: bool) -> Measured:
    first, second = (PLAIN, BN) if holds else (BN, PLAIN)
    worse = of(first, test_accuracy=0.9, steps=math.inf, wander=2.0, widening=3.0)
    return {"3 x 100 sigmoid": worse | of(second, test_accuracy=0.97, steps=1000, wander=0.1, widening=1.0)}


def santurkar(holds: bool) -> Measured:
    figures = {}
    for network in (PLAIN, BN, "noisy BN"):
        small, large = (0.1, 1.0) if (network == BN) == holds else (1.0, 0.1)
        figures.update(of(network, test_accuracy=0.9 if holds or network != "noisy BN" else 0.5, cosine=0.9))
        figures.update(of(network, gradient_shift=large, variation=small, predictiveness=small, smoothness=small))
        figures.update({f"{network}/gradient_shift/{when}": large for when in ("early", "late")})
    return every("santurkar", figures)


FIGURES = {
    "mnist-table": mnist,
    "mnist-xavier": mnist,
    "vanishing-gradients": vanishing,
    "exploding-gradients": exploding,
    "initialization": initialization,
    "learning-rates": learning_rates,
    "batch-sizes": batch_sizes,
    "regularization": regularization,
    "before-or-after": place,
    "redundant-bias": redundancy,
    "inference-statistics": statistics,
    "folding": folding,
    "test-shift": shifted_figures,
    "depth": depth,
    "sampling-shift": sampling,
    "whitening": whitening,
    "recurrent": recurrent,
    "input-scaling": scaling,
    "optimizers": optimizer_figures,
    "two-axes": axes,
    "ioffe-szegedy-figure-1": figure_one,
    "santurkar": santurkar,
}


def judge(experiment: str, holds: bool, seeds: int = 1):
    return find(experiment).judge({label: [figures] * seeds for label, figures in FIGURES[experiment](holds).items()})


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


@pytest.mark.parametrize("experiment", FIGURES)
def test_networks_that_diverged_do_not_support_a_claim_by_accident(experiment):
    lost = {label: [dict.fromkeys(figures, math.nan)] for label, figures in FIGURES[experiment](True).items()}
    assert find(experiment).judge(lost).kind != "supported"


def test_what_was_not_measured_is_named():
    with pytest.raises(KeyError, match="gradient_ratio_at_start"):
        find("vanishing-gradients").judge({"8 sigmoid layers": [{"x": 1.0}]})


def test_a_published_loss_outside_the_range_is_named():
    figures = mnist(True)["784-32-32-10"]
    figures["with BN/10/test_loss"] = 0.2
    verdict = find("1").judge({"784-32-32-10": [figures]})
    assert verdict.kind == "depends"
    assert "outside: with BN, epoch 10, test: 0.0912 published, 0.200–0.200 measured" in verdict.sentence.text


@pytest.mark.parametrize(
    ("holds", "kind", "sentence"),
    [
        ((True, True), "supported", "Supported: a (1); b (2)."),
        ((False, False), "not_supported", "Not supported. Does not hold: a (1); b (2)."),
        ((True, False), "depends", "It depends. Holds: a (1). Does not hold: b (2)."),
    ],
)
def test_the_parts_make_the_verdict(holds, kind, sentence):
    parts = [
        Part(holds=one, says=literal(name), numbers=literal(value))
        for one, name, value in zip(holds, "ab", "12", strict=True)
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
