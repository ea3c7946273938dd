"""Claim 21: figure 1 of Ioffe & Szegedy."""

from __future__ import annotations

import numpy as np

from shiftscope.config import (
    Mlp,
    Mnist,
    RunConfig,
    Sgd,
    Steps,
    Thinning,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import (
    BN,
    IOFFE,
    PLAIN,
    QUICK,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    at,
    pair,
    part,
    shorter,
    stop,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import above, below
from shiftscope.experiments.reductions import (
    Recorded,
    hidden_layers,
    networks,
    over_training,
    ratio,
    steps_to,
)
from shiftscope.experiments.text import t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, table

FIGURE = "3 x 100 sigmoid"
BAND = (0.15, 0.5, 0.85)
STRETCHES = 20
"""Parts of the training over which a unit's quantiles are averaged: a single batch of 60 leaves them uncertain."""

_FIGURE = (
    PlannedRun(
        label=FIGURE,
        config=RunConfig(
            dataset=Mnist(),
            variants=TWINS,
            network=Mlp(depth=3, width=100, activation="sigmoid", init="normal", init_std=0.1),
            optimizer=Sgd(learning_rate=0.1),
            batch_size=60,
            duration=Steps(steps=10_000),
            recording=Thinning(frames=1000),
        ),
    ),
)


def wandering(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Reduce the quantiles of the last hidden layer's recorded units to how far their medians wander."""
    steps, found = recorded.steps("layers"), steps_to(recorded)
    for network in networks(recorded):
        place = {"network": network, "layer": hidden_layers(recorded, network)[-1], "site": "pre_activation"}
        levels = recorded.coordinates("layers", "unit_quantiles", **place)
        quantiles = recorded.values("layers", "unit_quantiles", **place).astype(np.float64)
        parts = [over_training(steps, quantiles, i / STRETCHES, (i + 1) / STRETCHES) for i in range(STRETCHES)]
        low, median, high = np.moveaxis(np.stack(parts)[:, :, [levels.index(level) for level in BAND]], -1, 0)
        band = high - low  # like the others (stretches, units)
        ranges = ratio(median.max(axis=0) - median.min(axis=0), band.mean(axis=0))
        found[f"{network}/unit_median_range"] = float(ranges.mean())
        found[f"{network}/unit_band_growth"] = float(ratio(band[-1].mean(), band[0].mean()))
    return found


def verdict(results: Results) -> Verdict:
    """Compare accuracy, speed and the wandering of the last hidden layer's inputs."""
    accuracy, steps, wander = (
        {network: results.mean(FIGURE, f"{network}/{name}") for network in (PLAIN, BN)}
        for name in ("test_accuracy", "steps", "unit_median_range")
    )
    parts = [
        part(
            above(accuracy[BN], accuracy[PLAIN]),
            t("the network with BN ends with the higher test accuracy"),
            pair(results, FIGURE, "test_accuracy", fraction=True),
            at("loss"),
        ),
        part(
            below(steps[BN], steps[PLAIN]),
            t("it reaches 90 % in fewer steps"),
            pair(results, FIGURE, "steps"),
            at("loss"),
        ),
        part(
            below(wander[BN], wander[PLAIN]),
            t("the inputs to its last sigmoids wander less"),
            t("in widths of the 15–85 % band: {figures}", figures=pair(results, FIGURE, "unit_median_range")),
            at("density"),
        ),
    ]
    rows = [
        (
            name,
            results.shown(FIGURE, f"{network}/test_accuracy", percent=True),
            results.shown(FIGURE, f"{network}/steps"),
            results.shown(FIGURE, f"{network}/unit_median_range"),
            results.shown(FIGURE, f"{network}/unit_band_growth"),
        )
        for network, name in ((PLAIN, WITHOUT_BN), (BN, WITH_BN))
    ]
    columns = (
        t("test accuracy"),
        t("steps to 90 %"),
        t("wandering of the median (bands)"),
        t("band at the end over band at the start"),
    )
    return conclude(parts, table(t("Network"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="ioffe-szegedy-figure-1",
        claim=21,
        group="shift",
        title="Ioffe & Szegedy's figure 1",
        question="Three hidden layers of 100 sigmoids on MNIST, batches of 60: how far does the input to a sigmoid of the last hidden layer wander?",
        prediction="With BN the test accuracy is higher, comes sooner, and the 15th, 50th and 85th percentiles stay in place.",
        watch="The percentiles of the last hidden layer's input to its sigmoid, step by step.",
        tour=(
            stop("density", "The three lines: which network's wander?"),
            stop("loss", "Test accuracy: the first thousand steps."),
            stop("shift", "Layer by layer: where does the drift begin?"),
        ),
        change="Train for 50,000 steps, as the paper does.",
        next=changed(_FIGURE[0].config, to("duration", {"kind": "steps", "steps": 50_000})),
        rule="Each must be better with BN. Wandering: the recorded medians of a unit over the batch, averaged over each twentieth of the training; their range in widths of its 15–85 % band, mean over units 0, 1 and 2. The paper trains for 50,000 steps; this run takes 10,000.",
        formulae=(m.math("z", "=", m.words("sigmoid "), "(", m.words("BN"), "(", "W", "u", ")", ")"),),
        sources=(IOFFE,),
        views=("density", "loss", "shift"),
        layer="hidden 3",
        runs=_FIGURE,
        quick=shorter(_FIGURE, 3000),
        quick_note=QUICK,
    ),
    verdict,
    wandering,
)
