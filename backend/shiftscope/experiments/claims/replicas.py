"""Claim 23: data-parallel training with batch normalization of each replica's share, or of all shares together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from shiftscope.config import BatchNormalization, Epochs, Mlp, RunConfig, Sgd
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import FRAMES, IOFFE, WU, at, part, stop, titled, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import Outcome, all_of, at_least, at_most, below, largest, least, quotient
from shiftscope.experiments.reductions import Recorded, hidden_layers, over_training
from shiftscope.experiments.text import Text, literal, t
from shiftscope.experiments.verdict import Figures, Results, Table, Verdict, conclude, number, percent, table

OWN, SYNC = "BN", "SyncBN"
REPLICAS = 4
SHARES = (2, 4, 8)
LAYERS = ("hidden 1", "hidden 2", "hidden 3")
DEVIATION = "replica_deviation"
AS_CHANCE = 0.1
"""So near to 1 the spread of the replicas' means is that of chance."""
DROP = 0.02

DISTRIBUTED = Source(
    title="PyTorch, DistributedDataParallel", url="https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html"
)  # fmt: skip
MEGDET = Source(
    title="Peng et al. 2018, MegDet (cross-GPU batch normalization)", url="https://arxiv.org/abs/1711.07240"
)


def _label(share: int) -> str:
    return f"{share} a replica"


def _runs(epochs: int) -> tuple[PlannedRun, ...]:
    return tuple(
        PlannedRun(
            label=_label(share),
            config=RunConfig(
                variants=variants(BN=BatchNormalization(), SyncBN=BatchNormalization(sync=True)),
                network=Mlp(depth=len(LAYERS), width=64, init="he_normal"),
                optimizer=Sgd(learning_rate=0.1 * REPLICAS * share / 32), batch_size=REPLICAS * share,
                replicas=REPLICAS, duration=Epochs(epochs=epochs), recording=FRAMES,
            ),
        )
        for share in SHARES
    )  # fmt: skip


def deviations(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Return how much the replicas' means differ, in units of sigma / sqrt(m / replicas), by network and hidden layer.

    The root of a ratio of means over training and channels: that of the variance between the replicas' means, and that
    of sigma^2 / (m / replicas), sigma^2 being the joined batch's variance, unbiased. 1 for shares of independent samples.
    """
    found, steps = {}, recorded.steps("replicas")
    for network in (OWN, SYNC):
        for layer in hidden_layers(recorded, network):
            where = {"network": network, "layer": layer}
            means = recorded.values("replicas", "replica_mean", **where).astype(np.float64)
            joined = recorded.values("replicas", "joined_std", **where).astype(np.float64)
            chance = recorded.values("replicas", "replica_chance", **where).astype(np.float64)
            replicas = means.shape[1]
            samples = replicas / chance**2
            between = means.var(axis=1, ddof=1).mean(axis=1)
            by_chance = np.square(joined).mean(axis=1) * samples / (samples - 1) * chance**2
            ratio = quotient(float(over_training(steps, between)), float(over_training(steps, by_chance)))
            found[f"{network}/{layer}/{DEVIATION}"] = math.sqrt(ratio) if ratio >= 0 else math.nan
    return found


def _by_chance(results: Results, network: str, layers: Sequence[str], says: Text) -> tuple[Outcome, Text, Text]:
    values = [results.mean(label, f"{network}/{layer}/{DEVIATION}") for label in results.labels for layer in layers]
    outcome = all_of(at_least(values, 1 - AS_CHANCE), at_most(values, 1 + AS_CHANCE))
    text = t("{low} to {high} times σ/√(m/replicas)", low=number(least(values)), high=number(largest(values)))
    return outcome, says, text


def verdict(results: Results) -> Verdict:
    """Compare the replicas' means with chance, layer by layer, and the two networks' accuracies by size of share."""
    first, deeper = LAYERS[:1], LAYERS[1:]
    gain = {
        share: results.mean(_label(share), f"{SYNC}/test_accuracy")
        - results.mean(_label(share), f"{OWN}/test_accuracy")
        for share in SHARES
    }
    smallest, most = SHARES[0], SHARES[-1]

    def gained(share: int) -> Text:
        own, sync = (percent(results.mean(_label(share), f"{name}/test_accuracy")) for name in (OWN, SYNC))
        return t("BN {own}, SyncBN {sync}", own=own, sync=sync)

    parts = [
        *(
            part(*_by_chance(results, network, layers, says), at("replicas", run=_label(smallest)))
            for network, layers, says in (
                (OWN, first, t("in the first layer the replicas' means differ as chance has it")),
                (SYNC, deeper, t("so they do in the deeper layers with SyncBN")),
                (OWN, deeper, t("so they do in the deeper layers with BN of each replica")),
            )
        ),
        part(at_least(gain[smallest], DROP), t("with two samples a replica SyncBN is more accurate"),
             gained(smallest), at("sweep")),
        part(below(gain[most], gain[smallest]), t("with eight it gains less"), gained(most), at("sweep")),
    ]  # fmt: skip
    return conclude(parts, _table(results))


def _table(results: Results) -> Table:
    names = {OWN: t("BN of each replica"), SYNC: t("SyncBN")}
    spreads = [(network, layer) for network in names for layer in LAYERS]
    columns = [titled(name, t("test accuracy")) for name in names.values()]
    for network, layer in spreads:
        spread = t("means' spread in layer {layer} (σ/√(m/replicas))", layer=LAYERS.index(layer) + 1)
        columns.append(titled(names[network], spread))
    rows = [
        (
            literal(str(share)),
            *(results.shown(_label(share), f"{network}/test_accuracy", percent=True) for network in names),
            *(results.shown(_label(share), f"{network}/{layer}/{DEVIATION}") for network, layer in spreads),
        )
        for share in SHARES
    ]
    return table(t("Samples a replica"), columns, rows)


CLAIM = Claim(
    Experiment(
        id="replicas",
        claim=23,
        group="batches",
        title="Four replicas, four batches",
        question="Four processes share each batch. Each normalizes its own samples, unless SyncBN joins them: does it matter?",
        prediction="The replicas' statistics differ by sigma/sqrt(m/replicas); with few samples a replica that costs accuracy, and SyncBN gives it back.",
        watch="Each replica's mean and standard deviation beside those of the joined batch.",
        tour=(
            stop("replicas", run="2 a replica", text="Two samples a replica: the replicas' means beside the joined batch's."),
            stop("loss", run="2 a replica", text="Training loss and test loss: which of the two fails in eval mode?"),
            stop("running", run="2 a replica", text="Rank 0's share against the running statistics, which evaluation uses."),
        ),
        change="Take two replicas in place of four: each has twice as many samples.",
        next=changed(_runs(4)[0].config, to("replicas", 2)),
        rule="The spread of the replicas' means before normalization, as recorded, over sigma/sqrt(m/replicas), both squared and averaged over channels and over the training: as chance has it within 0.9 to 1.1, in each layer and at each size. More accurate: by 2 points of test accuracy in eval mode. Four processes train by DistributedDataParallel and gloo; m is the joined batch, and the learning rate grows with it. Evaluation uses the running statistics of rank 0, as DistributedDataParallel leaves them.",
        formulae=(
            m.math(m.words("std"), "(", m.sub("μ", "r"), ")", "=", m.frac("σ", m.root(m.row("m", "/", m.words("replicas"))))),
        ),
        sources=(IOFFE, WU, MEGDET, DISTRIBUTED),
        views=("replicas", "loss", "running"),
        layer="hidden 2",
        runs=_runs(4),
        quick=_runs(2),
        quick_note="Half the epochs, one seed.",
    ),
    verdict,
    deviations,
)  # fmt: skip
