"""Claim 16: full whitening is costly, and is not what BN does."""

from __future__ import annotations

from shiftscope.config import BatchNormalization, Mlp, NoNormalization, RunConfig, Sgd, Steps, Whitening
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, normalize
from shiftscope.experiments.claims.common import IOFFE, QUICK, listed, part, shorter, steps, stop, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import at_least, at_most, quotient
from shiftscope.experiments.text import literal, named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

LABEL = "64 units whitened"
NONE, BATCH, ZCA, CHOLESKY = "without BN", "with BN", "ZCA", "Cholesky"
COSTLY = 1.5
CORRELATED, WHITE = 0.1, 0.02

_RUNS = (
    PlannedRun(
        label=LABEL,
        config=RunConfig(
            variants=variants(
                without_BN=NoNormalization(), with_BN=BatchNormalization(),
                ZCA=Whitening(method="zca", group_size=64), Cholesky=Whitening(method="cholesky", group_size=64),
            ),
            network=Mlp(depth=4, width=64), optimizer=Sgd(learning_rate=0.1), batch_size=256, duration=Steps(steps=500),
        ),
    ),
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare cost and remaining correlation."""

    def mean(network: str, name: str) -> float:
        return results.mean(LABEL, f"{network}/{name}")

    cost = {
        network: quotient(mean(network, "step_seconds"), mean(BATCH, "step_seconds")) for network in (ZCA, CHOLESKY)
    }
    correlation = {network: mean(network, "correlation") for network in (NONE, BATCH, ZCA, CHOLESKY)}
    parts = [
        part(
            at_least(cost.values(), COSTLY),
            t("whitening's training step costs far more than BN's"),
            listed({network: f"{number(value)}×" for network, value in cost.items()}),
        ),
        part(
            at_least(correlation[BATCH], CORRELATED),
            t("BN leaves the units correlated"),
            t(
                "mean |correlation| {normalized}, without BN {plain}",
                normalized=number(correlation[BATCH]),
                plain=number(correlation[NONE]),
            ),
        ),
        part(
            at_most([correlation[ZCA], correlation[CHOLESKY]], WHITE),
            t("whitening does not"),
            listed({network: number(correlation[network]) for network in (ZCA, CHOLESKY)}),
        ),
    ]
    rows = [
        (
            named(network),
            literal(f"{1000 * mean(network, 'step_seconds'):.2f}"),
            results.shown(LABEL, f"{network}/correlation"),
            results.shown(LABEL, f"{network}/test_accuracy", percent=True),
            results.shown(LABEL, f"{network}/steps"),
        )
        for network in (NONE, BATCH, ZCA, CHOLESKY)
    ]
    columns = (
        t("milliseconds a step"),
        t("mean |correlation| between units"),
        t("test accuracy"),
        t("steps to 90 %"),
    )
    return conclude(parts, table(t("Network"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="whitening",
        claim=16,
        group="others",
        title="The price of whitening",
        question="Full whitening would decorrelate the units too. What does it cost, and does BN do it?",
        prediction="Whitening costs a matrix root a layer and step; BN only scales each unit and leaves them correlated.",
        watch="Loss over steps, then over time: whitening may win the one and lose the other.",
        tour=(
            stop("loss", "Step by step: which network falls fastest?"),
            stop("ridges", "Whitening is between units: can it be seen in each unit's distribution by itself?"),
            stop("moments", "Step 0: in which networks do the layers begin with mean 0 and spread 1?"),
        ),
        change="Whiten groups of 16 units in place of 64.",
        next=changed(_RUNS[0].config, normalize("whitening", group_size=16)),
        rule="Far more: 1.5 times the median time of BN's training step, measured in turns. Correlation: mean absolute value over pairs of units of the last hidden layer in a batch of 256; left means at least 0.1, gone at most 0.02.",
        formulae=(m.math(m.hat("x"), "=", m.sup("Σ", "−1/2"), "(", "x", "−", "μ", ")"),),
        sources=(
            IOFFE,
            Source(title="Huang et al. 2018, Decorrelated Batch Normalization", url="https://arxiv.org/abs/1804.08450"),
        ),
        views=("loss", "ridges", "moments"), layer="hidden 4",
        seeds=1,
        runs=_RUNS, quick=shorter(_RUNS, 250), quick_note=QUICK,
    ),
    verdict,
    steps,
    measurement="shiftscope.lab.measurements.noise:Decorrelation",
)  # fmt: skip
