"""Claim 19: BN with each optimizer."""

from __future__ import annotations

from shiftscope.config import Adam, Mlp, Momentum, Optimizer, RmsProp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, times
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
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
    steps,
    stop,
    titled,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import all_of, at_least, at_most
from shiftscope.experiments.text import named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, table

LEARNT = 0.9
OPTIMIZERS: dict[str, Optimizer] = {
    "SGD": Sgd(learning_rate=0.1),
    "momentum": Momentum(learning_rate=0.05),
    "RMSprop": RmsProp(learning_rate=0.001),
    "Adam": Adam(learning_rate=0.001),
}

_RUNS = tuple(
    PlannedRun(
        label=label,
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=5, width=64),
            optimizer=optimizer,
            duration=Steps(steps=1500),
            recording=FRAMES,
        ),
    )
    for label, optimizer in OPTIMIZERS.items()
)


def verdict(results: Results) -> Verdict:
    """Say for each optimizer whether the network with BN learns, and no later than the one without."""
    parts = [
        part(
            all_of(
                at_least(results.mean(label, f"{BN}/test_accuracy"), LEARNT),
                at_most(results.mean(label, f"{BN}/steps"), results.mean(label, f"{PLAIN}/steps")),
            ),
            t("{label} works with BN, and no slower than without", label=named(label)),
            t("steps to 90 %: {figures}", figures=pair(results, label, "steps")),
            at("sweep"),
        )
        for label in results.labels
    ]
    rows = [
        (
            named(label),
            *(
                cell
                for network in (PLAIN, BN)
                for cell in (
                    results.shown(label, f"{network}/steps"),
                    results.shown(label, f"{network}/test_accuracy", percent=True),
                )
            ),
        )
        for label in results.labels
    ]
    kinds = (t("steps to 90 %"), t("test accuracy"))
    columns = [titled(name, kind) for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(parts, table(t("Optimizer"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="optimizers",
        claim=19,
        group="training",
        title="Whatever the optimizer",
        question="Does BN help with SGD, momentum, RMSprop and Adam alike?",
        prediction="With each of them the network with BN learns, and no later than the one without.",
        watch="When each curve of test accuracy passes 90 %.",
        tour=(
            stop("loss", "Adam and RMSprop rescale gradients themselves: is the gap smaller there?"),
            stop("updates", "The size of the updates relative to the weights."),
            stop("ridges", "The inputs to the nonlinearity at the end."),
        ),
        change="Take ten times the learning rate in each.",
        next=changed(_RUNS[0].config, times("optimizer.learning_rate", 10)),
        rule="Works: a test accuracy of 90 % at the end, first reached (one evaluation an epoch) no later than without BN.",
        formulae=(m.math("w", "→", "w", "−", "η", m.frac(m.row("∂", "L"), m.row("∂", "w"))),),
        sources=(IOFFE,),
        views=("loss", "updates", "ridges"),
        layer="hidden 3",
        runs=_RUNS,
        quick=shorter(_RUNS, 800),
        quick_note=QUICK,
    ),
    verdict,
    steps,
)
