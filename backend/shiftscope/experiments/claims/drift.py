"""Claims 14 and 15: shift and depth, and the definition by batch-to-batch differences."""

from __future__ import annotations

from shiftscope.config import Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    look,
    part,
    shorter,
    titled,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

DEPTH = 10
DEEP = "10 hidden layers"
CORRELATED = 0.5

_DEEP = (
    PlannedRun(
        label=DEEP,
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=DEPTH, width=64, init="he_normal"),
            optimizer=Sgd(learning_rate=0.05),
            duration=Steps(steps=1500),
            recording=FRAMES,
        ),
    ),
)


def depth_verdict(results: Results) -> Verdict:
    """Correlate each layer's drift with its depth, and compare the networks."""

    def both(name: str) -> dict[str, float]:
        return {network: results.mean(DEEP, f"{network}/{name}") for network in (PLAIN, BN)}

    def said(values: dict[str, float]) -> Text:
        plain, normalized = (number(values[network]) for network in (PLAIN, BN))
        return t("without BN {plain}, with BN {normalized}", plain=plain, normalized=normalized)

    since, drift, move = both("drift_with_depth"), both("drift"), both("move_with_depth")
    parts = [
        part(
            since[PLAIN] >= CORRELATED,
            t("without BN the drift since step 0 grows with depth"),
            t("rank correlation {value}", value=number(since[PLAIN])),
        ),
        part(
            move[PLAIN] >= CORRELATED,
            t("and so does the drift from one look to the next"),
            t("rank correlation {value}", value=number(move[PLAIN])),
        ),
        part(
            drift[BN] < drift[PLAIN] / 2,
            t("with BN the layers drift less than half as far"),
            said(drift),
        ),
    ]
    rows = [
        (
            named(f"hidden {index}"),
            *(
                results.shown(DEEP, f"{network}/{kind}/hidden {index}")
                for network in (PLAIN, BN)
                for kind in ("drift", "move")
            ),
        )
        for index in range(1, DEPTH + 1)
    ]
    kinds = (t("since step 0"), t("from look to look"))
    columns = [titled(name, kind) for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(parts, table(t("Drift, in std"), columns, rows))


SIZES = (8, 32, 128)
CHANCE = (0.67, 1.5)
APART = 1.5

_SIZES = tuple(
    PlannedRun(
        label=f"batch {size}",
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=5, width=64, init="he_normal"),
            optimizer=Sgd(learning_rate=0.1),
            batch_size=size,
            duration=Steps(steps=1000),
            recording=FRAMES,
        ),
    )
    for size in SIZES
)


def sampling_verdict(results: Results) -> Verdict:
    """Compare batch-to-batch differences with chance, before and after training, with and without BN."""
    after = {n: [results.mean(label, f"{n}/sampling") for label in results.labels] for n in (PLAIN, BN)}
    before = {n: [results.mean(label, f"{n}/sampling_at_start") for label in results.labels] for n in (PLAIN, BN)}
    drift = {n: sum(results.mean(label, f"{n}/drift") for label in results.labels) for n in (PLAIN, BN)}
    every = [*after[PLAIN], *after[BN]]
    grown = [a / b for n in (PLAIN, BN) for a, b in zip(after[n], before[n], strict=True)]
    ratio = sum(after[PLAIN]) / sum(after[BN])
    parts = [
        part(
            not CHANCE[0] <= min(every) <= max(every) <= CHANCE[1],
            t("batch-to-batch differences are more than sampling noise"),
            t("{low} to {high} times sigma/sqrt(m)", low=number(min(every)), high=number(max(every))),
        ),
        part(
            max(grown) >= APART,
            t("learning makes them"),
            t("at most {times} times what the untrained networks show", times=number(max(grown))),
        ),
        part(
            ratio >= APART,
            t("they are larger without BN"),
            t(
                "{times} times; the drift that learning causes: {drift} times",
                times=number(ratio),
                drift=number(drift[PLAIN] / drift[BN]),
            ),
        ),
    ]
    rows = [
        (
            named(label),
            *(
                results.shown(label, f"{network}/{kind}")
                for network in (PLAIN, BN)
                for kind in ("sampling_at_start", "sampling", "drift")
            ),
        )
        for label in results.labels
    ]
    kinds = (
        t("sampling shift, untrained"),
        t("sampling shift, trained"),
        t("drift (std)"),
    )
    columns = [titled(name, kind) for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(
        parts,
        table(t("Batch size (sampling shift in sigma/sqrt(m))"), columns, rows),
    )


_DRIFT = m.math(m.sub("W", "1"), "(", "a", ",", "b", ")", "=", m.words("mean "), "|", m.words("sort"), "(", "a", ")", "−", m.words("sort"), "(", "b", ")", "|")  # fmt: skip

ACCUMULATES = Claim(
    Experiment(
        id="depth",
        claim=14,
        title="Ten layers down",
        question="Each layer's input moves because all layers before it learn. Does the shift add up with depth?",
        prediction="Without BN the deepest layers drift most; with BN all of them drift far less.",
        watch="The shift map: one row a layer, step by step.",
        looks=(
            look("shift", "Which rows light up first, and which stay bright?"),
            look("ridges", "From the first layer to the tenth, over the outline of step 0."),
            look("moments", "Mean and spread of the deepest layer."),
        ),
        change="Take 20 layers, or half the learning rate.",
        rule="Drift: Wasserstein-1 distance of each unit's pre-activations on a fixed probe batch over their first standard deviation, mean over units; looks are 1/20 of the training apart. Grows with depth: Spearman's rank correlation with the layer's number is at least 0.5.",
        formulae=(_DRIFT,),
        sources=(IOFFE,),
        views=("shift", "ridges", "moments"),
        layer="hidden 10",
        runs=_DEEP,
        quick=shorter(_DEEP, 800),
        quick_note=QUICK,
    ),
    depth_verdict,
)

SAMPLING = Claim(
    Experiment(
        id="sampling-shift",
        claim=15,
        title="From batch to batch",
        question="Some texts call it internal covariate shift that one batch's distribution differs from the next one's. Is it?",
        prediction="If it were, the differences would exceed the noise of sampling, come with learning, and be smaller with BN.",
        watch="How much two batches differ in each layer, before and after training, beside the drift.",
        looks=(
            look("sampling", "Two batches at the same weights: their difference is there at step 0, in every layer."),
            look("shift", "The drift on a fixed probe batch: that is what learning does."),
            look("ridges", "Batch 8 against batch 128: only the jitter differs."),
        ),
        change="Set the learning rate to 0.000001: the jitter stays.",
        rule="Sampling shift: |batch mean − mean| of a unit before normalization, over what m independent draws give on average, sqrt(2/pi) sigma/sqrt(m); mean over units, layers and 200 batches. More than noise: not all between 0.67 and 1.5. Made by learning, or larger without BN: by a factor of 1.5.",
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
            _DRIFT,
        ),
        sources=(IOFFE,),
        views=("sampling", "shift", "ridges"),
        layer="hidden 3",
        runs=_SIZES,
        quick=shorter(_SIZES, 500),
        quick_note=QUICK,
    ),
    sampling_verdict,
)
