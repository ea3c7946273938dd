"""Claim 15: the definition of shift by batch-to-batch differences."""

from __future__ import annotations

from shiftscope.config import Every, Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import (
    BN,
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
from shiftscope.experiments.claims.depth import DISTANCE, SINCE, drifts
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import above, at_least, largest, least, quotient
from shiftscope.experiments.reductions import (
    Recorded,
    by_layer,
    hidden_layers,
    networks,
)
from shiftscope.experiments.text import named, t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, number, table

SIZES = (8, 32, 128)
CHANCE = 1.5
APART = 1.5
FEW = 10
"""Frames of sampling shift that count as the first, or the last, ones: of two batches alone it is uncertain."""
_RECORDING = Every(every=5, studies=2000)
"""Of such a run the scope keeps some 100 frames of the sampling shift, the first ten before much is learnt."""
FIGURES = (
    "untrained/batch_mean_deviation", "batch_mean_deviation", "first/sampling_shift", "last/sampling_shift",
)  # fmt: skip

_SIZES = tuple(
    PlannedRun(
        label=f"batch {size}",
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=5, width=64, init="he_normal"),
            optimizer=Sgd(learning_rate=0.1),
            batch_size=size,
            duration=Steps(steps=1000),
            recording=_RECORDING,
        ),
    )
    for size in SIZES
)


def sampling_shift(recorded: Recorded, measured: Figures) -> Figures:
    """Reduce the sampling shift, mean over hidden layers: of the first frames and of the last; and the drift."""
    found = {}
    for network in networks(recorded):
        layers = hidden_layers(recorded, network)
        shift = by_layer(
            recorded, "sampling_shift", "wasserstein_over_sigma", network=network, layers=layers, site="pre_activation"
        ).mean(axis=1)
        found[f"{network}/first/sampling_shift"] = float(shift[:FEW].mean())
        found[f"{network}/last/sampling_shift"] = float(shift[-FEW:].mean())
    since = drifts(recorded, measured)
    return found | {name: since[name] for network in networks(recorded) if (name := f"{network}/{SINCE}")}


def verdict(results: Results) -> Verdict:
    """Compare batch means with chance, and the difference of two batches early and late, with and without BN."""

    def each(network: str, name: str) -> list[float]:
        return [results.mean(label, f"{network}/{name}") for label in results.labels]

    means = [value for network in (PLAIN, BN) for value in each(network, "batch_mean_deviation")]
    first, last, drift = (
        {network: each(network, name) for network in (PLAIN, BN)}
        for name in ("first/sampling_shift", "last/sampling_shift", SINCE)
    )
    grown = largest(
        sum(quotient(late, early) for early, late in zip(first[n], last[n], strict=True)) / len(SIZES)
        for n in (PLAIN, BN)
    )
    larger, drifted = (
        sum(quotient(*pair_of) for pair_of in zip(values[PLAIN], values[BN], strict=True)) / len(SIZES)
        for values in (last, drift)
    )
    parts = [
        part(
            above(largest(means), CHANCE),
            t("the means of batches differ by more than sampling noise"),
            t("{low} to {high} times sigma/sqrt(m)", low=number(least(means)), high=number(largest(means))),
            at("sampling"),
        ),
        part(
            at_least(grown, APART),
            t("learning makes batches differ"),
            t("{times} times as much in the last frames as in the first ones", times=number(grown)),
            at("sampling"),
        ),
        part(
            at_least(larger, APART),
            t("they differ more without BN"),
            t(
                "{times} times; the drift that learning causes: {drift} times",
                times=number(larger),
                drift=number(drifted),
            ),
            at("sampling"),
        ),
    ]
    rows = [
        (
            named(label),
            *(results.shown(label, f"{network}/{kind}") for network in (PLAIN, BN) for kind in (*FIGURES, SINCE)),
        )
        for label in results.labels
    ]
    kinds = (
        t("batch mean against all samples, untrained (σ/√m)"),
        t("batch mean against all samples, trained (σ/√m)"),
        t("sampling shift, first frames (W₁ / σ)"),
        t("sampling shift, last frames (W₁ / σ)"),
        t("drift since step 0 (W₁ / σ)"),
    )
    columns = [titled(name, kind) for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(
        parts,
        table(t("Batch size"), columns, rows),
    )


CLAIM = Claim(
    Experiment(
        id="sampling-shift",
        claim=15,
        group="shift",
        title="From batch to batch",
        question="Some texts call it internal covariate shift that one batch's distribution differs from the next one's. Is it?",
        prediction="If it were, the differences would exceed the noise of sampling, come with learning, and be smaller with BN.",
        watch="How much two batches differ in each layer, before and after training, beside the drift.",
        tour=(
            stop("sampling", "Two batches at the same weights: their difference is there at step 0, in every layer."),
            stop("shift", "The drift on a fixed probe batch: that is what learning does."),
            stop(
                "sampling",
                run="batch 128",
                text="Batch 128: how much less do two batches differ than at batch 8? Sampling noise falls as one over the root of the batch size.",
            ),
        ),
        change="Set the learning rate to 0.000001: the jitter stays.",
        next=changed(_SIZES[0].config, to("optimizer.learning_rate", 0.000001)),
        rule="Batch mean against all samples: |batch mean − mean| of a unit before normalization, over what m independent draws give on average, sqrt(2/pi) sigma/sqrt(m); mean over units, layers and 200 batches; more than noise: above 1.5. Sampling shift: what its chart draws, the Wasserstein-1 distance of two batches over sigma, mean over the hidden layers and over the first or the last ten frames; made by learning, in one of the networks, or larger without BN: by a factor of 1.5, mean over the batch sizes.",
        formulae=(
            m.math(
                m.words("E"),
                "|",
                m.sub("μ", "B"),
                "−",
                "μ",
                "|",
                "=",
                m.root(m.frac("2", "π")),
                m.frac("σ", m.root("m")),
            ),
            DISTANCE,
        ),
        sources=(IOFFE,),
        views=("sampling", "shift", "ridges"),
        layer="hidden 3",
        runs=_SIZES,
        quick=shorter(_SIZES, 500),
        quick_note=QUICK,
    ),
    verdict,
    sampling_shift,
    measurement="shiftscope.lab.measurements.shift:BatchMeans",
)
