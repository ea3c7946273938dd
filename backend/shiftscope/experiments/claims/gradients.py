"""Claims 3 and 4: gradients that vanish in deep sigmoid networks, and gradients that explode."""

from __future__ import annotations

import numpy as np

from shiftscope.config import ClipByNorm, ClipByValue, Clipping, Mlp, NoClipping, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    RUN,
    TEST_ACCURACY,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    at,
    pair,
    part,
    shorter,
    stop,
    titled,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import above, all_of, at_least, below
from shiftscope.experiments.reductions import Recorded, by_layer, hidden_layers, networks, ratio
from shiftscope.experiments.text import t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, number, percent, table

VANISHING = "8 sigmoid layers"
VANISHED = 0.01
LEARNT = 0.8

_SIGMOIDS = (
    PlannedRun(
        label=VANISHING,
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=8, width=64, activation="sigmoid", init="xavier_normal"),
            optimizer=Sgd(learning_rate=0.5),
            duration=Steps(steps=3000),
        ),
    ),
)


def gradient_norms(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Reduce each hidden layer's gradient norm: at step 0, the largest of all, and the first layer's over the last's."""
    found: dict[str, float] = {}
    for network in networks(recorded):
        layers = hidden_layers(recorded, network)
        norms = by_layer(recorded, "layers", "gradient_norm", network=network, layers=layers)
        ratios = ratio(norms[:, 0], norms[:, -1])
        found[f"{network}/first_gradient_at_start"] = float(norms[0, 0])
        found[f"{network}/largest_gradient"] = float(norms.max())
        found[f"{network}/gradient_ratio_at_start"] = float(ratios[0])
        found[f"{network}/gradient_ratio"] = float(np.median(ratios))
    return found


def vanishing_verdict(results: Results) -> Verdict:
    """Compare the first layer's gradient with the last one's, and what the networks learn."""
    start = {network: results.mean(VANISHING, f"{network}/gradient_ratio_at_start") for network in (PLAIN, BN)}
    during = {network: results.mean(VANISHING, f"{network}/gradient_ratio") for network in (PLAIN, BN)}
    accuracy = {network: results.mean(VANISHING, f"{network}/test_accuracy") for network in (PLAIN, BN)}
    parts = [
        part(
            below(start[PLAIN], VANISHED),
            t("without BN gradients vanish on their way to the first layer"),
            t("at step 0 the first layer's is {ratio} of the last one's", ratio=number(start[PLAIN])),
            at("gradients", step=0),
        ),
        part(
            at_least([start[BN], during[BN]], VANISHED),
            t("with BN they do not"),
            t("{start} at step 0, {median} in the median", start=number(start[BN]), median=number(during[BN])),
            at("gradients", step=0),
        ),
        part(
            all_of(at_least(accuracy[BN], LEARNT), below(accuracy[PLAIN], LEARNT)),
            t("only the network with BN learns"),
            pair(results, VANISHING, "test_accuracy", fraction=True),
            at("loss"),
        ),
    ]
    rows = [
        (
            name,
            results.shown(VANISHING, f"{network}/gradient_ratio_at_start"),
            results.shown(VANISHING, f"{network}/gradient_ratio"),
            results.shown(VANISHING, f"{network}/test_accuracy", percent=True),
        )
        for network, name in ((PLAIN, WITHOUT_BN), (BN, WITH_BN))
    ]
    columns = (
        t("First over last gradient, step 0"),
        t("Median of the recorded steps"),
        TEST_ACCURACY,
    )
    return conclude(parts, table(t("Network"), columns, rows))


_CLIP = Source(
    title="Pascanu et al. 2013, On the difficulty of training recurrent neural networks",
    url="https://arxiv.org/abs/1211.5063",
)
NOTHING, SLOW, BY_VALUE, BY_NORM = "as it is", "small learning rate", "clip by value", "clip by norm"
_NAMES = {
    NOTHING: t("nothing done"),
    SLOW: t("learning rate 0.0001"),
    BY_VALUE: t("clip by value"),
    BY_NORM: t("clip by norm"),
}
EXPLODED = 100.0


def _large_weights(label: str, learning_rate: float, clipping: Clipping) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            variants=TWINS, network=Mlp(depth=8, width=64, init="normal", init_std=0.5), clipping=clipping,
            optimizer=Sgd(learning_rate=learning_rate), duration=Steps(steps=1000), recording=FRAMES,
        ),
    )  # fmt: skip


_EXPLODING = (
    _large_weights(NOTHING, 0.1, NoClipping()),
    _large_weights(SLOW, 0.0001, NoClipping()),
    _large_weights(BY_VALUE, 0.1, ClipByValue(limit=0.01)),
    _large_weights(BY_NORM, 0.1, ClipByNorm(limit=1.0)),
)


def exploding_verdict(results: Results) -> Verdict:
    """Say whether gradients explode without BN, and which remedies let the plain network learn."""
    gradient = {network: results.mean(NOTHING, f"{network}/first_gradient_at_start") for network in (PLAIN, BN)}
    failed, learnt = (results.mean(NOTHING, f"{network}/test_accuracy") for network in (PLAIN, BN))
    parts = [
        part(
            all_of(above(gradient[PLAIN], EXPLODED), below(failed, LEARNT)),
            t("with large weights the plain network's gradients explode and it fails"),
            t(
                "norm in the first layer {norm}, accuracy {accuracy}",
                norm=number(gradient[PLAIN]),
                accuracy=percent(failed),
            ),
            at("gradients"),
        ),
        part(
            all_of(below(gradient[BN], gradient[PLAIN] / 10), at_least(learnt, LEARNT)),
            t("with BN they do not, and it learns"),
            t(
                "norm {norm}, accuracy {accuracy}",
                norm=number(gradient[BN]),
                accuracy=percent(learnt),
            ),
            at("loss"),
        ),
    ]
    for label in (SLOW, BY_VALUE, BY_NORM):
        accuracy = results.mean(label, f"{PLAIN}/test_accuracy")
        parts.append(
            part(
                all_of(at_least(accuracy, LEARNT), above(accuracy, failed)),
                t("{remedy} helps the plain network", remedy=_NAMES[label]),
                percent(accuracy),
                at("sweep"),
            )
        )
    rows = [
        (
            _NAMES[label],
            results.shown(label, f"{PLAIN}/largest_gradient"),
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/largest_gradient"),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
        )
        for label in results.labels
    ]
    largest = t("largest gradient")
    accuracy_name = t("test accuracy")
    columns = [titled(name, what) for name in (WITHOUT_BN, WITH_BN) for what in (largest, accuracy_name)]
    return conclude(parts, table(RUN, columns, rows))


VANISH = Claim(
    Experiment(
        id="vanishing-gradients",
        claim=3,
        group="signal",
        title="Eight layers of sigmoids",
        question="Each sigmoid multiplies a gradient by a quarter at most. Does batch normalization make so deep a network trainable?",
        prediction="Without BN the first layers get almost no gradient and nothing is learnt; with BN the network learns.",
        watch="The norm of the gradient in the first layers against the last, and the accuracy of the plain network.",
        tour=(
            stop("gradients", "Step 0: the curves without BN lie decades apart."),
            stop(
                "ridges", "The input to the sigmoids: where it is narrow, every sample looks alike to the next layer."
            ),
            stop("loss", "Which network's curves leave the level of guessing?"),
        ),
        change="Take relu in place of sigmoid.",
        next=changed(_SIGMOIDS[0].config, to("network.activation", "relu")),
        rule="Gradient: the norm over all parameters of a layer. Vanished: the first layer's has less than 1/100 of the last hidden layer's. Learnt: a test accuracy of 80 %.",
        formulae=(
            m.math(m.frac(m.row("d", "σ"), m.row("d", "x")), "=", "σ", "(", "1", "−", "σ", ")", "≤", m.frac("1", "4")),
        ),
        sources=(IOFFE,),
        views=("gradients", "loss", "ridges"),
        layer="hidden 1",
        runs=_SIGMOIDS,
        quick=shorter(_SIGMOIDS, 1500),
        quick_note=QUICK,
    ),
    vanishing_verdict,
    gradient_norms,
)

EXPLODE = Claim(
    Experiment(
        id="exploding-gradients",
        claim=4,
        group="signal",
        title="Gradients that explode",
        question="Weights of standard deviation 0.5 make each of eight layers double its input. What tames the gradients?",
        prediction="The plain network diverges; a small learning rate, clipping by value and clipping by norm each help; with BN nothing needs to be done.",
        watch="The norm of the gradients at step 0, and which runs end above 80 %.",
        tour=(
            stop("gradients", "Step 0: the plain network's norms against those with BN."),
            stop("moments", "Step 0: how does the spread change from layer to layer, without BN and with it?"),
            stop(
                "loss",
                run=NOTHING,
                text="As it is: where a curve ends early, its loss is no longer a number. Which network's does?",
            ),
        ),
        change="Clip at a norm of 10, then of 0.1.",
        next=changed(_EXPLODING[0].config, to("clipping", {"kind": "norm", "limit": 10})),
        rule="Exploded: a gradient norm above 100 in the first layer at step 0. A remedy helps when the plain network then reaches a test accuracy of 80 % that it does not reach without it.",
        formulae=(m.math("g", "→", "g", m.words(" min"), "(", "1", ",", m.frac("c", m.row("‖", "g", "‖")), ")"),),
        sources=(_CLIP,),
        views=("gradients", "loss", "moments"),
        layer="hidden 1",
        runs=_EXPLODING,
        quick=shorter(_EXPLODING, 600),
        quick_note=QUICK,
    ),
    exploding_verdict,
    gradient_norms,
)
