"""Claim 9: BN before or after the activation function."""

from __future__ import annotations

from typing import get_args

from shiftscope.config import BatchNormalization, Mlp, NoNormalization, RunConfig, Sgd, Steps
from shiftscope.config.networks import Activation
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, times
from shiftscope.experiments.claims.common import FRAMES, IOFFE, QUICK, at, part, shorter, steps, stop, titled, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import at_most
from shiftscope.experiments.text import named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

PLAIN, BEFORE, AFTER = "without BN", "BN before", "BN after"
MARGIN = 1.05

_RUNS = tuple(
    PlannedRun(
        label=activation,
        config=RunConfig(
            variants=variants(
                without_BN=NoNormalization(), BN_before=BatchNormalization(place="before"),
                BN_after=BatchNormalization(place="after"),
            ),
            network=Mlp(depth=5, width=64, activation=activation, init="xavier_normal"),
            optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=1500), recording=FRAMES,
        ),
    )
    for activation in get_args(Activation)
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare test losses, activation by activation."""
    parts = []
    for label in results.labels:
        before, after = (results.mean(label, f"{network}/test_loss") for network in (BEFORE, AFTER))
        parts.append(
            part(
                at_most(before, after * MARGIN),
                t("with {label} BN before does as well as BN after", label=named(label)),
                t("test loss {before} before, {after} after", before=number(before), after=number(after)),
                at("sweep"),
            )
        )
    rows = [
        (
            titled(named(label), named(network)),
            results.shown(label, f"{network}/test_loss"),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/steps"),
        )
        for label in results.labels
        for network in (PLAIN, BEFORE, AFTER)
    ]
    columns = (
        t("Test loss"),
        t("Test accuracy"),
        t("Steps to 90 %"),
    )
    return conclude(parts, table(t("Activation, network"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="before-or-after",
        claim=9,
        group="inside",
        title="Before or after the activation",
        question="Does it matter whether BN stands before or after relu, sigmoid or tanh?",
        prediction="Ioffe & Szegedy put it before: there the distribution is closer to a Gaussian. Before should be no worse than after.",
        watch="The input to the nonlinearity of a hidden layer in the three networks.",
        tour=(
            stop("ridges", "BN after: nothing normalizes the input to the nonlinearity. Does it drift?"),
            stop("density", "BN before: how far do the percentiles wander, compared with the other two networks?"),
            stop("loss", "Which of the two is lower, and does it depend on the activation?"),
        ),
        change="Take twice as many layers.",
        next=changed(_RUNS[0].config, times("network.depth", 2)),
        rule="For each activation function, the test loss with BN before must be at most 1.05 times that with BN after.",
        formulae=(m.math("f", "(", m.words("BN"), "(", "W", "x", ")", ")", m.words("  /  "), m.words("BN"), "(", "f", "(", "W", "x", "+", "b", ")", ")"),),
        sources=(IOFFE,),
        views=("ridges", "density", "loss"), layer="hidden 3",
        runs=_RUNS, quick=shorter(_RUNS, 800), quick_note=QUICK,
    ),
    verdict,
    steps,
)  # fmt: skip
