"""Claim 6: larger learning rates, and how soon a network gets somewhere."""

from __future__ import annotations

import math

from shiftscope.config import Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import (
    BJORCK,
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    at,
    part,
    shorter,
    stop,
    titled,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import above, below, least, quotient
from shiftscope.experiments.reductions import Recorded, steps_to
from shiftscope.experiments.text import literal, t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, number, table

RATES = (0.01, 0.1, 0.5, 2.0, 10.0)

_RUNS = tuple(
    PlannedRun(
        label=f"learning rate {rate:g}",
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=5, width=64, init="he_normal"),
            optimizer=Sgd(learning_rate=rate),
            duration=Steps(steps=1500),
            recording=FRAMES,
        ),
    )
    for rate in RATES
)


def _rate(label: str) -> float:
    return float(label.rsplit(" ", 1)[1])


def _largest_working(results: Results, network: str) -> float:
    """Return the largest rate at which a network reaches 90 % with every seed; 0 where none does."""
    steps = {_rate(label): results.mean(label, f"{network}/steps") for label in results.labels}
    if any(map(math.isnan, steps.values())):
        return math.nan
    return max((rate for rate, count in steps.items() if count < math.inf), default=0.0)


def steps_and_seconds(recorded: Recorded, measured: Figures) -> Figures:
    """Return the steps to 90 %, and the seconds that they take at what a step was measured to cost."""
    steps = steps_to(recorded)
    networks = [name.removesuffix("/steps") for name in steps]
    return steps | {
        f"{network}/seconds": steps[f"{network}/steps"] * measured[f"{network}/step_seconds"] for network in networks
    }


def verdict(results: Results) -> Verdict:
    """Compare the largest rates that work, and steps and seconds at each network's best rate."""
    fastest = {network: _largest_working(results, network) for network in (PLAIN, BN)}
    steps, seconds = (
        {n: least(results.mean(label, f"{n}/{what}") for label in results.labels) for n in (PLAIN, BN)}
        for what in ("steps", "seconds")
    )
    cost = quotient(*(results.mean(results.labels[0], f"{network}/step_seconds") for network in (BN, PLAIN)))
    parts = [
        part(
            above(fastest[BN], fastest[PLAIN]),
            t("a larger learning rate works with BN"),
            t("up to {normalized} against {plain}", normalized=f"{fastest[BN]:g}", plain=f"{fastest[PLAIN]:g}"),
            at("sweep"),
        ),
        part(
            below(steps[BN], steps[PLAIN]),
            t("at its best rate it needs fewer steps"),
            t("{normalized} against {plain}", normalized=number(steps[BN]), plain=number(steps[PLAIN])),
            at("sweep"),
        ),
        part(
            below(seconds[BN], seconds[PLAIN]),
            t("and less time, though each step costs more"),
            t(
                "{normalized} s against {plain} s; a step costs {cost} times as much",
                normalized=number(seconds[BN]),
                plain=number(seconds[PLAIN]),
                cost=number(cost),
            ),
            at("sweep"),
        ),
    ]
    rows = [
        (
            literal(f"{_rate(label):g}"),
            *(
                cell
                for network in (PLAIN, BN)
                for cell in (
                    results.shown(label, f"{network}/test_accuracy", percent=True),
                    results.shown(label, f"{network}/steps"),
                    results.shown(label, f"{network}/seconds"),
                )
            ),
        )
        for label in results.labels
    ]
    names = (
        t("test accuracy"),
        t("steps to 90 %"),
        t("seconds to 90 %"),
    )
    columns = [titled(name, what) for name in (WITHOUT_BN, WITH_BN) for what in names]
    return conclude(parts, table(t("Learning rate"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="learning-rates",
        claim=6,
        group="training",
        title="How fast can it go?",
        question="From 0.01 to 10: up to which learning rate does each network learn, and which one is there first, in steps and in seconds?",
        prediction="With BN larger rates work and fewer steps are needed; it wins in seconds too, though each of its steps costs more.",
        watch="Test accuracy at each learning rate, and where the plain network's activations grow beyond bounds.",
        tour=(
            stop("loss", run="learning rate 0.01", text="At 0.01, which curve falls first?"),
            stop(
                "moments",
                run="learning rate 2",
                text="At 2: how far do the layers' means and spreads go, in each network?",
            ),
            stop(
                "updates",
                run="learning rate 2",
                text="At 2, the size of an update against its weights: in which network does it settle?",
            ),
        ),
        change="Take Adam in place of SGD.",
        next=changed(_RUNS[0].config, to("optimizer", {"kind": "adam", "learning_rate": RATES[0]})),
        rule="A rate works when the test accuracy reaches 90 %. Steps count to the first evaluation (one an epoch) at 90 %; seconds are steps times the median time of a training step of that network alone.",
        formulae=(
            m.math(
                m.words("BN"),
                "(",
                "a",
                "W",
                "x",
                ")",
                "=",
                m.words("BN"),
                "(",
                "W",
                "x",
                ")",
                ",",
                m.frac(m.row("∂", m.words("BN"), "(", "a", "W", "x", ")"), m.row("∂", "(", "a", "W", ")")),
                "=",
                m.frac("1", "a"),
                m.frac(m.row("∂", m.words("BN"), "(", "W", "x", ")"), m.row("∂", "W")),
            ),
        ),
        sources=(IOFFE, BJORCK),
        views=("loss", "moments", "updates"),
        layer="hidden 5",
        runs=_RUNS,
        quick=shorter(_RUNS, 800),
        quick_note=QUICK,
    ),
    verdict,
    steps_and_seconds,
    measurement="shiftscope.lab.measurements.speed:StepSeconds",
)
