"""Claim 20: a mean over the hidden units is not batch normalization."""

from __future__ import annotations

from shiftscope.config import BatchNormalization, LayerNormalization, Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import IOFFE, at, part, stop, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import above, all_of, at_most, largest
from shiftscope.experiments.text import literal, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

LABEL = "batch and layer"
BATCH, LAYER = "batch norm", "layer norm"
ROUNDING = 1e-9
DEPENDS = 0.01

_RUNS = (
    PlannedRun(
        label=LABEL,
        config=RunConfig(
            variants=variants(batch_norm=BatchNormalization(), layer_norm=LayerNormalization()),
            network=Mlp(depth=3, width=64), optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=500), probes="full",
        ),
    ),
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare the two normalizations of one batch, and what a sample's output depends on."""

    def shown(kind: str) -> str:
        values = [[results.mean(LABEL, f"{kind}/{i}{j}") for j in (0, 1)] for i in (0, 1)]
        return "[" + ", ".join("[" + ", ".join(f"{value:+.0f}" for value in row) + "]" for row in values) + "]"

    error = largest(results.mean(LABEL, f"{kind}/error") for kind in ("batch", "layer"))
    differ = largest(
        abs(results.mean(LABEL, f"batch/{i}{j}") - results.mean(LABEL, f"layer/{i}{j}")) for i in (0, 1) for j in (0, 1)
    )
    feature, sample = (results.mean(LABEL, f"batch/{axis}_mean") for axis in ("feature", "sample"))
    depends = {network: results.mean(LABEL, f"{network}/depends") for network in (BATCH, LAYER)}
    parts = [
        part(
            all_of(at_most(error, ROUNDING), above(differ, ROUNDING)),
            t("on the batch [[1, 10], [3, 30]] the two axes give different results, as by hand"),
            t("batch {batch}, layer {layer}", batch=shown("batch"), layer=shown("layer")),
        ),
        part(
            all_of(at_most(feature, ROUNDING), above(sample, ROUNDING)),
            t("BN makes each feature's mean over the batch 0, not each sample's over the units"),
            f"{number(feature)}, {number(sample)}",
            at("microscope"),
        ),
        part(
            all_of(above(depends[BATCH], DEPENDS), at_most(depends[LAYER], 1e-5)),
            t("with BN a sample's output depends on the rest of its batch, with layer normalization it does not"),
            t("moved by {batch} and {layer} of its size", batch=number(depends[BATCH]), layer=number(depends[LAYER])),
        ),
    ]
    rows = [
        (name, literal(shown(kind)), results.shown(LABEL, f"{kind}/feature_mean"), results.shown(LABEL, f"{kind}/sample_mean"),
         results.shown(LABEL, f"{network}/depends"), results.shown(LABEL, f"{network}/test_accuracy", percent=True))
        for kind, network, name in (("batch", BATCH, t("batch normalization")), ("layer", LAYER, t("layer normalization")))
    ]  # fmt: skip
    columns = (
        literal("[[1, 10], [3, 30]] →"),
        t("largest feature mean"),
        t("largest sample mean"),
        t("output depends on the batch"),
        t("test accuracy"),
    )
    return conclude(parts, table(t("Normalization"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="two-axes",
        claim=20,
        group="inside",
        title="Two axes, two normalizations",
        question="Some texts take BN's mean over the hidden units of a sample. Is that batch normalization?",
        prediction="No: the mean over the units of one sample is layer normalization. BN's runs over the batch, one for each unit.",
        watch="The same layer in both networks: per unit or per sample, what has mean 0?",
        tour=(
            stop("ridges", "The inputs to the nonlinearity: do the two networks' look alike from afar?"),
            stop("microscope", "Batch normalization stage by stage: one mean and one variance per unit, over the batch."),
            stop("loss", "Do both learn? Which of them needs its batch for that stands in the verdict's table."),
        ),
        change="Take batches of 2: which of the two suffers?",
        next=changed(_RUNS[0].config, to("batch_size", 2)),
        rule="By hand: [[1, 10], [3, 30]] becomes [[−1, −1], [1, 1]] over the batch and [[−1, 1], [−1, 1]] over the units, to 1e-9. A sample's output depends on its batch when replacing the other samples moves it by more than 1 %.",
        formulae=(
            m.math(m.sub("μ", "k"), "=", m.frac("1", "m"), m.sub("∑", "i"), m.sub("x", "ik"), m.words(" (batch)")),
            m.math(m.sub("μ", "i"), "=", m.frac("1", "H"), m.sub("∑", "k"), m.sub("x", "ik"), m.words(" (layer)")),
        ),
        sources=(IOFFE, Source(title="Ba, Kiros & Hinton 2016, Layer Normalization", url="https://arxiv.org/abs/1607.06450")),
        views=("microscope", "ridges", "loss"), layer="hidden 1",
        seeds=1,
        runs=_RUNS,
    ),
    verdict,
    measurement="shiftscope.lab.measurements.algebra:Axes",
)  # fmt: skip
