"""Claim 8: BN regularizes a little, less with larger batches, and makes dropout less needed."""

from __future__ import annotations

from shiftscope.config import Adam, BatchNormalization, Digits, Epochs, Mlp, RunConfig, Variant
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import FRAMES, IOFFE, at, part, stop, titled
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import above, at_most, below
from shiftscope.experiments.text import join, literal, named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

NEITHER, NORMED, DROPPED, BOTH = "neither", "BN", "dropout", "both"
SMALL, LARGE, TRUE = "batch 16", "batch 256", "batch 16, true labels"
SLOPE, SLOPE_MARGIN = -0.5, 0.1
POINT = 0.01

_VARIANTS = (
    Variant(name=NEITHER),
    Variant(name=NORMED, normalization=BatchNormalization()),
    Variant(name=DROPPED, dropout=0.3),
    Variant(name=BOTH, normalization=BatchNormalization(), dropout=0.3),
)


def _runs(epochs: int) -> tuple[PlannedRun, ...]:
    sets = ((SMALL, 16, 0.2), (LARGE, 256, 0.2), (TRUE, 16, 0.0))
    return tuple(
        PlannedRun(
            label=label,
            config=RunConfig(
                dataset=Digits(label_noise=noise), variants=_VARIANTS, network=Mlp(depth=3, width=128),
                optimizer=Adam(learning_rate=0.001), batch_size=size, duration=Epochs(epochs=epochs), recording=FRAMES,
            ),
        )
        for label, size, noise in sets
    )  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare BN's noise with 1 / sqrt(m), and test accuracies with BN, dropout, both and neither."""
    slope = results.mean(SMALL, "noise/slope")

    def accuracy(label: str, network: str) -> float:
        return results.mean(label, f"{network}/test_accuracy")

    help_of_bn = {label: accuracy(label, NORMED) - accuracy(label, NEITHER) for label in (SMALL, LARGE, TRUE)}
    help_of_dropout = accuracy(SMALL, DROPPED) - accuracy(SMALL, NEITHER)
    help_beside_bn = accuracy(SMALL, BOTH) - accuracy(SMALL, NORMED)
    parts = [
        part(
            at_most(abs(slope - SLOPE), SLOPE_MARGIN),
            t("the noise in BN's output falls as one over the root of the batch size"),
            t("exponent {value}", value=number(slope)),
            at("sampling"),
        ),
        part(
            above(help_of_bn[SMALL], POINT),
            t("BN generalizes better than neither when a fifth of the labels is wrong"),
            join([percent(accuracy(SMALL, network)) for network in (NORMED, NEITHER)], ", "),
            at("sweep"),
        ),
        part(
            above(help_of_bn[TRUE], 0),
            t("and when all are right"),
            join([percent(accuracy(TRUE, network)) for network in (NORMED, NEITHER)], ", "),
            at("sweep"),
        ),
        part(
            below(help_of_bn[LARGE], help_of_bn[SMALL]),
            t("it helps less with larger batches"),
            f"{100 * help_of_bn[SMALL]:+.1f}, {100 * help_of_bn[LARGE]:+.1f}",
            at("sweep"),
        ),
        part(
            below(help_beside_bn, help_of_dropout),
            t("dropout adds less where BN is"),
            f"{100 * help_beside_bn:+.1f}, {100 * help_of_dropout:+.1f}",
            at("sweep"),
        ),
    ]
    rows = [
        (
            titled(named(label), named(network)),
            results.shown(label, f"{network}/train_accuracy", percent=True),
            results.shown(label, f"{network}/test_accuracy", percent=True),
        )
        for label in results.labels
        for network in (NEITHER, NORMED, DROPPED, BOTH)
    ]
    rows += [
        (
            t("noise of BN's output, batch {size}", size=size),
            results.shown(SMALL, f"noise/{size}"),
            literal("–"),
        )
        for size in (8, 32, 128, 512)
    ]
    columns = (
        t("training accuracy (noisy labels), or noise"),
        t("test accuracy"),
    )
    return conclude(parts, table(t("Network"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="regularization",
        claim=8,
        group="batches",
        title="Noise that regularizes",
        question="A sample's normalized value depends on the chance of its batch. Does that noise keep a network from learning wrong labels by heart?",
        prediction="BN helps a little on the test set, less with larger batches, and dropout is needed less where BN is.",
        watch="Training against test accuracy: the gap is what was learnt by heart.",
        tour=(
            stop("loss", "Where does the test loss turn and rise while the training loss falls?"),
            stop("sampling", run=SMALL, text="Batch 16: how much two batches differ at the same weights; that is the noise."),
            stop("sampling", run=LARGE, text="Batch 256: how much less do two batches differ?"),
        ),
        change="Raise the label noise to 0.4.",
        next=changed(_runs(40)[0].config, to("dataset.label_noise", 0.4)),
        rule="The log-log slope of the noise over batch sizes of 8, 32, 128 and 512 must be −0.5 ± 0.1. At batch 16 BN must bring more than 1 point of test accuracy with a fifth of the labels wrong and some with all of them right, fewer points at 256, and dropout fewer points beside BN than alone.",
        formulae=(m.math(m.words("std "), "(", m.sub("μ", "B"), ")", "=", m.frac("σ", m.root("m"))),),
        sources=(IOFFE, Source(title="Srivastava et al. 2014, Dropout", url="https://jmlr.org/papers/v15/srivastava14a.html")),
        views=("loss", "sampling", "ridges"), layer="hidden 1",
        runs=_runs(40), quick=_runs(20), quick_note="Half the epochs, one seed.",
    ),
    verdict,
    measurement="shiftscope.lab.measurements.noise:BatchNoise",
)  # fmt: skip
