"""Claims 21 and 22: Ioffe & Szegedy's figure 1, and the measures of Santurkar et al."""

from __future__ import annotations

import numpy as np

from shiftscope.config import (
    BatchNormalization,
    Every,
    Mlp,
    Mnist,
    Network,
    NoisyBatchNormalization,
    NoNormalization,
    RunConfig,
    Sgd,
    Steps,
    Thinning,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, normalize, to
from shiftscope.experiments.claims.common import (
    BN,
    IOFFE,
    PLAIN,
    QUICK,
    SANTURKAR,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    pair,
    part,
    shorter,
    stop,
    titled,
    variants,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import above, at_least, below
from shiftscope.experiments.reductions import (
    Recorded,
    by_layer,
    hidden_layers,
    layer_names,
    networks,
    over_training,
    ratio,
    steps_to,
)
from shiftscope.experiments.text import Text, join, named, t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, table

FIGURE = "3 x 100 sigmoid"
BAND = (0.15, 0.5, 0.85)
STRETCHES = 20
"""Parts of the training over which a unit's quantiles are averaged: a single batch of 60 leaves them uncertain."""

_FIGURE = (
    PlannedRun(
        label=FIGURE,
        config=RunConfig(
            dataset=Mnist(),
            variants=TWINS,
            network=Mlp(depth=3, width=100, activation="sigmoid", init="normal", init_std=0.1),
            optimizer=Sgd(learning_rate=0.1),
            batch_size=60,
            duration=Steps(steps=10_000),
            recording=Thinning(frames=1000),
        ),
    ),
)


def wandering(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Reduce the quantiles of the last hidden layer's recorded units to how far their medians wander."""
    steps, found = recorded.steps("layers"), steps_to(recorded)
    for network in networks(recorded):
        place = {"network": network, "layer": hidden_layers(recorded, network)[-1], "site": "pre_activation"}
        levels = recorded.coordinates("layers", "unit_quantiles", **place)
        quantiles = recorded.values("layers", "unit_quantiles", **place).astype(np.float64)
        parts = [over_training(steps, quantiles, i / STRETCHES, (i + 1) / STRETCHES) for i in range(STRETCHES)]
        low, median, high = np.moveaxis(np.stack(parts)[:, :, [levels.index(level) for level in BAND]], -1, 0)
        band = high - low  # like the others (stretches, units)
        ranges = ratio(median.max(axis=0) - median.min(axis=0), band.mean(axis=0))
        found[f"{network}/unit_median_range"] = float(ranges.mean())
        found[f"{network}/unit_band_growth"] = float(ratio(band[-1].mean(), band[0].mean()))
    return found


def figure_verdict(results: Results) -> Verdict:
    """Compare accuracy, speed and the wandering of the last hidden layer's inputs."""
    accuracy, steps, wander = (
        {network: results.mean(FIGURE, f"{network}/{name}") for network in (PLAIN, BN)}
        for name in ("test_accuracy", "steps", "unit_median_range")
    )
    parts = [
        part(
            above(accuracy[BN], accuracy[PLAIN]),
            t("the network with BN ends with the higher test accuracy"),
            pair(results, FIGURE, "test_accuracy", fraction=True),
        ),
        part(
            below(steps[BN], steps[PLAIN]),
            t("it reaches 90 % in fewer steps"),
            pair(results, FIGURE, "steps"),
        ),
        part(
            below(wander[BN], wander[PLAIN]),
            t("the inputs to its last sigmoids wander less"),
            t("in widths of the 15–85 % band: {figures}", figures=pair(results, FIGURE, "unit_median_range")),
        ),
    ]
    rows = [
        (
            name,
            results.shown(FIGURE, f"{network}/test_accuracy", percent=True),
            results.shown(FIGURE, f"{network}/steps"),
            results.shown(FIGURE, f"{network}/unit_median_range"),
            results.shown(FIGURE, f"{network}/unit_band_growth"),
        )
        for network, name in ((PLAIN, WITHOUT_BN), (BN, WITH_BN))
    ]
    columns = (
        t("test accuracy"),
        t("steps to 90 %"),
        t("wandering of the median (bands)"),
        t("band at the end over band at the start"),
    )
    return conclude(parts, table(t("Network"), columns, rows))


NOISY = "noisy BN"
SIGMOIDS, RELUS = "3 x 100 sigmoid", "8 x 64 ReLU"
POINTS = 0.02
MEASURES = (
    "early/gradient_shift", "late/gradient_shift", "gradient_shift_cosine", "landscape_variation",
    "gradient_predictiveness", "effective_smoothness",
)  # fmt: skip
_RECORDING = Every(every=10)
"""Of such a run the scope keeps some 30 frames of the landscape and 100 of the gradient shift."""


def _landscape(label: str, network: Network) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            dataset=Mnist(),
            variants=variants(
                without_BN=NoNormalization(), with_BN=BatchNormalization(), noisy_BN=NoisyBatchNormalization()
            ),
            network=network, optimizer=Sgd(learning_rate=0.1), batch_size=128, duration=Steps(steps=2000),
            recording=_RECORDING, probes="full",
        ),
    )  # fmt: skip


_LANDSCAPE = (
    _landscape(SIGMOIDS, Mlp(depth=3, width=100, activation="sigmoid", init="normal", init_std=0.1)),
    _landscape(RELUS, Mlp(depth=8, width=64, init="he_normal")),
)


def landscape(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Reduce gradient shift and landscape to means over the training; gradient shift also over its ends."""
    found: dict[str, float] = {}
    for network, layers in ((name, layer_names(recorded, name)[1:]) for name in networks(recorded)):
        steps = recorded.steps("gradient_shift")
        for quantity, name in (("l2", "gradient_shift"), ("cosine", "gradient_shift_cosine")):
            values = by_layer(recorded, "gradient_shift", quantity, network=network, layers=layers, site="weight")
            for when, (begin, end) in (("", (0, 1)), ("early/", (0, 0.25)), ("late/", (0.75, 1))):
                found[f"{network}/{when}{name}"] = float(over_training(steps, values, begin, end).mean())
        steps = recorded.steps("landscape")
        for quantity in ("landscape_variation", "gradient_predictiveness", "effective_smoothness"):
            values = recorded.values("landscape", quantity, network=network).astype(np.float64)
            if values.ndim > 1:  # by length of the step: at one learning rate, as the page draws it
                values = values[:, recorded.coordinates("landscape", quantity, network=network).index(1.0)]
            found[f"{network}/{quantity}"] = float(over_training(steps, values))
    return found


def _over(noisy: float, clean: float) -> Text:
    return t("{value} %", value=f"{100 * noisy:.1f}/{100 * clean:.1f}")


def santurkar_verdict(results: Results) -> Verdict:
    """Say whether noisy BN trains, whether gradient shift is smaller with BN, and whether the landscape is smoother."""

    def mean(label: str, network: str, name: str) -> float:
        return results.mean(label, f"{network}/{name}")

    def said(label: str, name: str) -> Text:
        return pair(results, label, name)

    noisy = [(mean(label, NOISY, "test_accuracy"), mean(label, BN, "test_accuracy")) for label in (SIGMOIDS, RELUS)]
    parts = [
        part(
            at_least([noise for noise, _ in noisy], [clean - POINTS for _, clean in noisy]),
            t("noise after BN, which brings the shift back, does little harm"),
            t("noisy and plain BN: {each}", each=join([_over(noise, clean) for noise, clean in noisy], ", ")),
        ),
        *(
            part(
                at_least(mean(label, BN, "gradient_shift"), mean(label, PLAIN, "gradient_shift")),
                t("the gradient shift is as large with BN as without, or larger ({label})", label=named(label)),
                said(label, "gradient_shift"),
            )
            for label in (SIGMOIDS, RELUS)
        ),
    ]
    for name, better in (
        ("landscape_variation", t("the loss varies less along the gradient with BN")),
        ("gradient_predictiveness", t("the gradient changes less along itself with BN")),
        ("effective_smoothness", t("the effective smoothness is better with BN")),
    ):
        parts += [
            part(
                below(mean(label, BN, name), mean(label, PLAIN, name)),
                t("{better} ({label})", better=better, label=named(label)),
                said(label, name),
            )
            for label in (SIGMOIDS, RELUS)
        ]
    rows = [
        (
            titled(named(label), named(network)),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            *(results.shown(label, f"{network}/{name}") for name in MEASURES),
        )
        for label in results.labels
        for network in (PLAIN, BN, NOISY)
    ]
    columns = (
        t("test accuracy"),
        t("gradient shift, first quarter"),
        t("gradient shift, last quarter"),
        t("cosine"),
        t("loss variation"),
        t("gradient change"),
        t("effective smoothness"),
    )
    return conclude(parts, table(t("Network"), columns, rows))


FIGURE_ONE = Claim(
    Experiment(
        id="ioffe-szegedy-figure-1",
        claim=21,
        group="shift",
        title="Ioffe & Szegedy's figure 1",
        question="Three hidden layers of 100 sigmoids on MNIST, batches of 60: how far does the input to a sigmoid of the last hidden layer wander?",
        prediction="With BN the test accuracy is higher, comes sooner, and the 15th, 50th and 85th percentiles stay in place.",
        watch="The percentiles of the last hidden layer's input to its sigmoid, step by step.",
        tour=(
            stop("density", "The three lines: which network's wander?"),
            stop("loss", "Test accuracy: the first thousand steps."),
            stop("shift", "Layer by layer: where does the drift begin?"),
        ),
        change="Train for 50,000 steps, as the paper does.",
        next=changed(_FIGURE[0].config, to("duration", {"kind": "steps", "steps": 50_000})),
        rule="Each must be better with BN. Wandering: the recorded medians of a unit over the batch, averaged over each twentieth of the training; their range in widths of its 15–85 % band, mean over units 0, 1 and 2. The paper trains for 50,000 steps; this run takes 10,000.",
        formulae=(m.math("z", "=", m.words("sigmoid "), "(", m.words("BN"), "(", "W", "u", ")", ")"),),
        sources=(IOFFE,),
        views=("density", "loss", "shift"),
        layer="hidden 3",
        runs=_FIGURE,
        quick=shorter(_FIGURE, 3000),
        quick_note=QUICK,
    ),
    figure_verdict,
    wandering,
)

LANDSCAPE = Claim(
    Experiment(
        id="santurkar",
        claim=22,
        group="shift",
        title="Is it really the shift?",
        question="Santurkar et al. measure shift by the gradient, and find that BN does not reduce it; what changes is the landscape. Here too?",
        prediction="Noisy BN trains as well; gradient shift is no smaller with BN; loss and gradient vary less along the gradient.",
        watch="Drift and gradient shift of the three networks, two definitions that disagree, and the landscape of each.",
        tour=(
            stop("gradient_shift", "The norm of G − G′: which network is highest, early and late?"),
            stop("landscape", "How far loss and gradient change along the gradient: which network's lines are lowest?"),
            stop("loss", "Noisy BN trains all the same."),
        ),
        change="Make the noise ten times as large.",
        next=changed(_LANDSCAPE[0].config, normalize("noisy_batch", mean=5.0, scale=2.5, jitter=1.0)),
        rule="Little harm: within 2 points of test accuracy of BN. All else is what the charts draw, averaged over the training. Gradient shift: the norm of G − G′, mean over the layers but the first, whose is 0 by definition. The loss's range and the effective smoothness over steps of 0.5, 1, 2, 3 and 4 learning rates along the gradient; the gradient's change at one.",
        formulae=(
            m.math(
                m.sub("G", "i"),
                "=",
                "∇",
                "L",
                "(",
                m.sub("W", "1"),
                "…",
                m.sub("W", "k"),
                ")",
                ",",
                m.sub(m.row("G", "′"), "i"),
                "=",
                "∇",
                "L",
                "(",
                m.row(m.sub("W", "1"), "′"),
                "…",
                m.row(m.sub("W", "i−1"), "′"),
                ",",
                m.sub("W", "i"),
                "…",
                m.sub("W", "k"),
                ")",
            ),
            m.math(m.sub("ICS", "i"), "=", "‖", m.sub("G", "i"), "−", m.sub(m.row("G", "′"), "i"), "‖"),
        ),
        sources=(SANTURKAR,),
        views=("gradient_shift", "landscape", "shift", "loss"),
        layer="hidden 3",
        runs=_LANDSCAPE,
        quick=shorter(_LANDSCAPE, 1000),
        quick_note=QUICK,
    ),
    santurkar_verdict,
    landscape,
)
