"""Claim 17: recurrent networks."""

from __future__ import annotations

from shiftscope.config import (
    BatchNormalization,
    ClipByNorm,
    Clipping,
    LayerNormalization,
    Mnist,
    NoClipping,
    NoNormalization,
    Rnn,
    RunConfig,
    Sgd,
    Steps,
    Thinning,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import QUICK, at, part, shorter, stop, titled, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import above, below, largest
from shiftscope.experiments.text import join, named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

FREE, CLIPPED = "no clipping", "clip by norm"
NONE, LAYER, BATCH = "without BN", "layer norm", "BN per step"
POINT = 0.01


def _run(label: str, clipping: Clipping) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            dataset=Mnist(),
            variants=variants(
                without_BN=NoNormalization(), layer_norm=LayerNormalization(), BN_per_step=BatchNormalization()
            ),
            network=Rnn(width=64), optimizer=Sgd(learning_rate=0.2), clipping=clipping, duration=Steps(steps=800),
            recording=Thinning(frames=100),
        ),
    )  # fmt: skip


_RUNS = (_run(FREE, NoClipping()), _run(CLIPPED, ClipByNorm(limit=1.0)))


def verdict(results: Results) -> Verdict:
    """Compare the three networks, and clipping with none."""

    def accuracy(label: str, network: str) -> float:
        return results.mean(label, f"{network}/test_accuracy")

    best = {network: largest(accuracy(label, network) for label in (FREE, CLIPPED)) for network in (NONE, LAYER, BATCH)}
    parts = [
        part(
            below(best[BATCH], best[LAYER] - POINT),
            t("BN per step does worse than layer normalization"),
            join([percent(best[BATCH]), percent(best[LAYER])], ", "),
            at("loss"),
        ),
        part(
            above(best[LAYER], best[NONE] + POINT),
            t("layer normalization does better than none"),
            join([percent(best[LAYER]), percent(best[NONE])], ", "),
            at("loss"),
        ),
        part(
            above(accuracy(CLIPPED, NONE), accuracy(FREE, NONE) + POINT),
            t("clipping helps the plain network"),
            t(
                "{free} to {clipped}; largest gradient {gradient}",
                free=percent(accuracy(FREE, NONE)),
                clipped=percent(accuracy(CLIPPED, NONE)),
                gradient=number(results.mean(FREE, f"{NONE}/largest_whole_gradient")),
            ),
            at("gradients"),
        ),
    ]
    rows = [
        (
            titled(named(label), named(network)),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/median_whole_gradient"),
            results.shown(label, f"{network}/largest_whole_gradient"),
        )
        for label in results.labels
        for network in (NONE, LAYER, BATCH)
    ]
    columns = (
        t("test accuracy"),
        t("median gradient norm"),
        t("largest gradient norm"),
    )
    return conclude(parts, table(t("Network"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="recurrent",
        claim=17,
        group="others",
        title="Reading an image row by row",
        question="A recurrent network uses the same layer 28 times, and each time its input is distributed otherwise. Does BN fit?",
        prediction="BN fits badly; layer normalization, and clipping the gradient, help.",
        watch="The state from row to row, and the largest gradients.",
        tour=(
            stop("ridges", "One row of the chart is one row of the image: the state's distribution as it reads on."),
            stop("gradients", run=FREE, text="Without clipping: which network's gradients have spikes? They are what clipping cuts."),
            stop("loss", "Which of the three learns first?"),
        ),
        change="Raise the learning rate to 1.",
        next=changed(_RUNS[0].config, to("optimizer.learning_rate", 1)),
        rule="Better or worse: by 1 point of test accuracy, each network with the better of clipping and none. BN keeps running statistics of its own for each row.",
        formulae=(m.math(m.sub("h", "t"), "=", m.words("tanh "), m.words("N"), "(", "W", "[", m.sub("x", "t"), ",", m.row(m.sub("h", "t−1")), "]", ")"),),
        sources=(
            Source(title="Ba, Kiros & Hinton 2016, Layer Normalization", url="https://arxiv.org/abs/1607.06450"),
            Source(title="Cooijmans et al. 2016, Recurrent Batch Normalization", url="https://arxiv.org/abs/1603.09025"),
        ),
        views=("ridges", "gradients", "loss"), layer="row 28",
        runs=_RUNS, quick=shorter(_RUNS, 300), quick_note=QUICK,
    ),
    verdict,
    measurement="shiftscope.lab.measurements.recurrent:WholeGradient",
)  # fmt: skip
