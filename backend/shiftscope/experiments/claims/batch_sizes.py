"""Claim 7: very small batches."""

from __future__ import annotations

from shiftscope.config import (
    BatchNormalization,
    Epochs,
    GroupNormalization,
    Mlp,
    NoNormalization,
    RunConfig,
    Sgd,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, normalize, to
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    PLAIN,
    WITH_BN,
    WITHOUT_BN,
    WU,
    at,
    part,
    stop,
    variants,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import at_least, below
from shiftscope.experiments.text import Text, literal, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, percent, table

SIZES = (2, 4, 8, 32, 128)
GROUP = "group norm"
DROP = 0.02


def _runs(epochs: int) -> tuple[PlannedRun, ...]:
    return tuple(
        PlannedRun(
            label=f"batch {size}",
            config=RunConfig(
                variants=variants(
                    without_BN=NoNormalization(), with_BN=BatchNormalization(), group_norm=GroupNormalization(groups=8)
                ),
                network=Mlp(depth=3, width=64, init="he_normal"), optimizer=Sgd(learning_rate=0.1 * size / 32), batch_size=size,
                duration=Epochs(epochs=epochs), recording=FRAMES,
            ),
        )
        for size in SIZES
    )  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare each network at a batch of two with the same at a batch of 32."""
    smallest, usual = "batch 2", "batch 32"
    drop = {
        network: results.mean(usual, f"{network}/test_accuracy") - results.mean(smallest, f"{network}/test_accuracy")
        for network in (PLAIN, BN, GROUP)
    }
    four = results.mean(usual, f"{BN}/test_accuracy") - results.mean("batch 4", f"{BN}/test_accuracy")

    def lost(network: str) -> Text:
        values = [percent(results.mean(label, f"{network}/test_accuracy")) for label in (usual, smallest)]
        return t("{large} at 32, {small} at 2", large=values[0], small=values[1])

    parts = [
        part(
            at_least(drop[BN], DROP),
            t("BN breaks at a batch of two"),
            lost(BN),
            at("sweep"),
        ),
        part(
            below(four, drop[BN]),
            t("less so at four"),
            t("{lost} lost", lost=percent(four)),
            at("sweep"),
        ),
        part(
            below([drop[PLAIN], drop[GROUP]], DROP),
            t("what takes no statistics over the batch does not break"),
            t("without BN {plain}; group normalization {group}", plain=lost(PLAIN), group=lost(GROUP)),
            at("sweep"),
        ),
    ]
    rows = [
        (
            literal(label.removeprefix("batch ")),
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/own_test_accuracy", percent=True),
            results.shown(label, f"{GROUP}/test_accuracy", percent=True),
        )
        for label in results.labels
    ]
    columns = (
        WITHOUT_BN,
        WITH_BN,
        t("with BN, statistics of the test set"),
        t("group normalization"),
    )
    return conclude(parts, table(t("Batch size"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="batch-sizes",
        claim=7,
        group="batches",
        title="Batches of two",
        question="With two samples BN makes every value +1 or −1. What is left of it at batches of 2, 4, 8, 32 and 128?",
        prediction="BN loses accuracy as batches become very small; the plain network and group normalization do not.",
        watch="The gap between the running and the batch's statistics, and the accuracy in eval mode.",
        tour=(
            stop(
                "density",
                run="batch 2",
                text="Batch 2, the first steps: at which heights do the normalized values stand?",
            ),
            stop(
                "loss",
                run="batch 2",
                text="Batch 2, training loss against test loss: which network learns, but does worse in eval mode?",
            ),
            stop(
                "running",
                run="batch 2",
                text="Batch 2: the running statistics against those of the batch, which leap from step to step.",
            ),
        ),
        change="Lower the running statistics' momentum to 0.01 at batch 2.",
        next=changed(_runs(12)[0].config, to("batch_size", 2), normalize("batch", momentum=0.01)),
        rule="Broken: at a batch of 2 the test accuracy in eval mode is 2 points below that at 32. Each run sees the same number of samples; the learning rate grows with the batch.",
        formulae=(m.math("m", "=", "2", ":", m.sub(m.hat("x"), "i"), "=", m.words("±"), "1", m.words(" (ε → 0)")),),
        sources=(WU,),
        views=("loss", "density", "running", "sampling"),
        layer="hidden 3",
        runs=_runs(12),
        quick=_runs(6),
        quick_note="Half the epochs, one seed.",
    ),
    verdict,
    measurement="shiftscope.lab.measurements.inference:OwnStatistics",
)
