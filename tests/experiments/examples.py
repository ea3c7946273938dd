"""Of each claim, figures as the claim predicts them, and the opposite ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from shiftscope.experiments.catalogue import find
from shiftscope.experiments.claims import corruptions, optimizers
from shiftscope.experiments.claims.depth import MOVE, SINCE

Measured = dict[str, dict[str, float]]
PLAIN, BN = "without BN", "with BN"


def of(network: str, more: Mapping[str, float] = MappingProxyType({}), /, **values: float) -> dict[str, float]:
    return {f"{network}/{name}": value for name, value in (*more.items(), *values.items())}


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
        for part, loss in zip(("whole_train", "test"), losses, strict=True):
            figures.update({f"{name}/{epoch}/{part}_loss": loss, f"{name}/{epoch}/{part}_accuracy": 0.96})
    return {"784-32-32-10": figures}


def vanishing(holds: bool) -> Measured:
    networks = (PLAIN, BN) if holds else (BN, PLAIN)
    small = of(networks[0], {"gradient_ratio_at_start": 1e-5}, gradient_ratio=1e-5, test_accuracy=0.1)
    large = of(networks[1], {"gradient_ratio_at_start": 1.0}, gradient_ratio=1.0, test_accuracy=0.97)
    return {"8 sigmoid layers": small | large}


def exploding(holds: bool) -> Measured:
    tame = {"first_gradient_at_start": 1.0, "largest_gradient": 2.0}
    wild = {"first_gradient_at_start": 1e4 if holds else 5.0, "largest_gradient": 1e4}
    measured = every("exploding-gradients", of(BN, tame, test_accuracy=0.95 if holds else 0.1))
    for label, figures in measured.items():
        figures.update(of(PLAIN, wild, test_accuracy=0.9 if holds and label != "as it is" else 0.1))
    return measured


def initialization(holds: bool) -> Measured:
    measured = every("initialization", {})
    for label, figures in measured.items():
        poor = label.startswith("std")
        bad, good = (0.1, 0.95) if holds else (0.95, 0.1)
        for network, accuracy in ((PLAIN, bad if poor else good), (BN, good)):
            figures.update(of(network, test_accuracy=accuracy))
            for step in (0, 100, 1000):
                figures[f"{network}/{step}/std_ratio"] = 1.5 if (step == 0) == holds else 5.0
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
        for quantity, opposite in ((SINCE, 0.1), (MOVE, -0.9)):
            of_all = {quantity: drift, f"{quantity}_with_depth": 0.9 if holds else opposite}
            figures.update(of(network, of_all | {f"hidden {layer}/{quantity}": drift for layer in range(1, 11)}))
    return {"10 hidden layers": figures}


def sampling(holds: bool) -> Measured:
    def network(name: str, late: float, drift: float) -> dict[str, float]:
        now = late if holds else 1.0
        figures = {"untrained/batch_mean_deviation": 1.0, "batch_mean_deviation": now, SINCE: drift}
        return of(name, figures | {"first/sampling_shift": 1.0, "last/sampling_shift": now})

    return every("sampling-shift", network(PLAIN, 6.0, 4.0) | network(BN, 2.0, 1.0))


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
            figures.update(of(network, test_accuracy=accuracy, median_whole_gradient=1, largest_whole_gradient=10))
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
    worse = of(first, test_accuracy=0.9, steps=math.inf, unit_median_range=2.0, unit_band_growth=3.0)
    return {
        "3 x 100 sigmoid": worse
        | of(second, test_accuracy=0.97, steps=1000, unit_median_range=0.1, unit_band_growth=1.0)
    }


def santurkar(holds: bool) -> Measured:
    figures = {}
    for network in (PLAIN, BN, "noisy BN"):
        small, large = (0.1, 1.0) if (network == BN) == holds else (1.0, 0.1)
        accuracy = 0.9 if holds or network != "noisy BN" else 0.5
        figures.update(of(network, test_accuracy=accuracy, gradient_shift=large, gradient_shift_cosine=0.9))
        figures.update(
            of(network, landscape_variation=small, gradient_predictiveness=small, effective_smoothness=small)
        )
        figures.update({f"{network}/{when}/gradient_shift": large for when in ("early", "late")})
    return every("santurkar", figures)


def replicas(holds: bool) -> Measured:
    measured = every("replicas", {})
    for label, figures in measured.items():
        better = 0.2 if label.startswith("2") else 0.01
        for network, accuracy in (("BN", 0.7 if holds else 0.7 + better), ("SyncBN", 0.7 + better if holds else 0.7)):
            spread = {f"hidden {layer}/replica_deviation": 1.02 if holds else 0.4 for layer in (1, 2, 3)}
            figures.update(of(network, spread, test_accuracy=accuracy))
    return measured


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
    "replicas": replicas,
}


def seeds_of(experiment: str, holds: bool, seeds: int = 1) -> dict[str, list[dict[str, float]]]:
    """Return the figures as a verdict takes them: by planned run and seed."""
    return {label: [dict(figures)] * seeds for label, figures in FIGURES[experiment](holds).items()}
