"""Claim 5: which beginnings a network survives, with and without BN."""

from __future__ import annotations

from shiftscope.config import Every, Mlp, RunConfig, Sgd, Steps
from shiftscope.config.networks import Activation, Init
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import (
    BN,
    PLAIN,
    QUICK,
    RUN,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    at,
    part,
    shorter,
    stop,
    titled,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import above, at_least, at_most, below
from shiftscope.experiments.reductions import Recorded, at_step, by_layer, hidden_layers, networks, ratio
from shiftscope.experiments.text import Text, join, named, t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, number, percent, table

SMALL, CONSTANT, LARGE, XAVIER, HE = "std 0.01", "std 0.1", "std 1", "Xavier, tanh", "He, ReLU"
POOR = (SMALL, CONSTANT, LARGE)
GOOD = (XAVIER, HE)
LEARNT = 0.9
ALIKE = 2.0
STEPS = (0, 100, 1000)
_RECORDING = Every(every=5)
"""Holds each of STEPS, and about as many frames as other runs."""


def _run(label: str, init: Init, std: float = 0.01, activation: Activation = "relu") -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            variants=TWINS, network=Mlp(depth=6, width=64, activation=activation, init=init, init_std=std),
            optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=1500), recording=_RECORDING,
        ),
    )  # fmt: skip


_RUNS = (
    _run(SMALL, "normal", 0.01),
    _run(CONSTANT, "normal", 0.1),
    _run(LARGE, "normal", 1.0),
    _run(XAVIER, "xavier_normal", activation="tanh"),
    _run(HE, "he_normal"),
)


def spreads(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Reduce the std of each hidden layer's pre-activations at STEPS, and the largest over the smallest of a network."""
    steps = recorded.steps("layers")
    found: dict[str, float] = {}
    for network in networks(recorded):
        layers = hidden_layers(recorded, network)
        std = by_layer(recorded, "layers", "std", network=network, layers=layers, site="pre_activation")
        for step in STEPS:
            now = at_step(steps, std, step)
            found |= {f"{network}/{layer}/{step}/std": float(one) for layer, one in zip(layers, now, strict=True)}
            found[f"{network}/{step}/std_ratio"] = float(ratio(now.max(), now.min()))
    return found


def verdict(results: Results) -> Verdict:
    """Say which poor beginnings are tolerated with BN, and whether good ones keep the layers alike."""
    with_bn = [results.mean(label, f"{BN}/test_accuracy") for label in POOR]
    without = [results.mean(label, f"{PLAIN}/test_accuracy") for label in POOR]
    start = [results.mean(label, f"{PLAIN}/0/std_ratio") for label in GOOD]
    end = [results.mean(label, f"{PLAIN}/1000/std_ratio") for label in GOOD]

    def each(accuracies: list[float]) -> Text:
        pairs = zip(POOR, accuracies, strict=True)
        return join([titled(named(label), percent(value)) for label, value in pairs], ", ")

    parts = [
        part(
            at_least(with_bn, LEARNT),
            t("with BN each of the poor beginnings is tolerated"),
            each(with_bn),
            at("sweep"),
        ),
        part(
            below(without, LEARNT),
            t("without BN none of them is"),
            each(without),
            at("sweep"),
        ),
        part(
            at_most(start, ALIKE),
            t("Xavier and He begin with layers of like spread"),
            t("largest over smallest {xavier} and {he}", xavier=number(start[0]), he=number(start[1])),
            at("moments", step=0),
        ),
        part(
            above(end, ALIKE),
            t("as training goes on, they lose it"),
            t("at step 1000 {xavier} and {he}", xavier=number(end[0]), he=number(end[1])),
            at("moments", step=1000),
        ),
    ]
    rows = [
        (
            named(label),
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
            *(results.shown(label, f"{network}/{step}/std_ratio") for network in (PLAIN, BN) for step in STEPS),
        )
        for label in results.labels
    ]
    unlike = [t("std ratio, step {step}", step=step) for step in STEPS]
    columns = [titled(name, t("test accuracy")) for name in (WITHOUT_BN, WITH_BN)]
    columns += [titled(name, what) for name in (WITHOUT_BN, WITH_BN) for what in unlike]
    return conclude(parts, table(RUN, columns, rows))


CLAIM = Claim(
    Experiment(
        id="initialization",
        claim=5,
        group="signal",
        title="Good and poor beginnings",
        question="Weights too small, all of one spread, too large: which beginnings does a network survive?",
        prediction="With BN all of them; without it only Xavier's and He's, which begin with layers of like spread but lose it as training goes on.",
        watch="The standard deviation of each layer's pre-activations at steps 0, 100 and 1000.",
        tour=(
            stop("moments", "Step 0: do the layers' curves begin together?"),
            stop("ridges", "From top to bottom: where does the distribution collapse, where does it burst?"),
            stop("loss", "Which of the beginnings never leaves the start?"),
        ),
        change="Set init to zeros.",
        next=changed(_RUNS[0].config, to("network.init", "zeros")),
        rule="Tolerated: a test accuracy of 90 %. Like spread: the largest standard deviation of the pre-activations of a hidden layer is at most twice the smallest, in the network without BN.",
        formulae=(
            m.math(
                m.words("Xavier: "),
                m.words("Var "),
                "w",
                "=",
                m.frac("2", m.row(m.sub("n", "in"), "+", m.sub("n", "out"))),
            ),
            m.math(m.words("He: "), m.words("Var "), "w", "=", m.frac("2", m.sub("n", "in"))),
        ),
        sources=(
            Source(
                title="Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
                url="https://proceedings.mlr.press/v9/glorot10a.html",
            ),
            Source(title="He et al. 2015, Delving Deep into Rectifiers", url="https://arxiv.org/abs/1502.01852"),
        ),
        views=("moments", "ridges", "loss"),
        layer="hidden 6",
        runs=_RUNS,
        quick=shorter(_RUNS, 1001),
        quick_note=QUICK,
    ),
    verdict,
    spreads,
)
