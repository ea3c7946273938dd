"""Claim 22: the measures of Santurkar et al."""

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
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, normalize
from shiftscope.experiments.claims.common import (
    BN,
    PLAIN,
    QUICK,
    SANTURKAR,
    at,
    pair,
    part,
    shorter,
    stop,
    titled,
    variants,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import at_least, below
from shiftscope.experiments.reductions import (
    Recorded,
    by_layer,
    layer_names,
    networks,
    over_training,
)
from shiftscope.experiments.text import Text, join, named, t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, table

NOISY = "noisy BN"
SIGMOIDS, RELUS = "3 x 100 sigmoid", "8 x 64 ReLU"
POINTS = 0.02
MEASURES = (
    "early/gradient_shift", "late/gradient_shift", "gradient_shift_cosine", "landscape_variation",
    "gradient_predictiveness", "effective_smoothness",
)  # fmt: skip
_RECORDING = Every(every=10, studies=2000)
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


def verdict(results: Results) -> Verdict:
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
            at("sweep"),
        ),
        *(
            part(
                at_least(mean(label, BN, "gradient_shift"), mean(label, PLAIN, "gradient_shift")),
                t("the gradient shift is as large with BN as without, or larger ({label})", label=named(label)),
                said(label, "gradient_shift"),
                at("gradient_shift", run=label),
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
                at("landscape", run=label),
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


CLAIM = Claim(
    Experiment(
        id="santurkar",
        claim=22,
        group="shift",
        title="Is it really the shift?",
        question="Santurkar et al. measure shift by the gradient, and find that BN does not reduce it; what changes is the landscape. Here too?",
        prediction="Noisy BN trains as well; gradient shift is no smaller with BN; loss and gradient vary less along the gradient.",
        watch="Drift and gradient shift of the three networks: do the two definitions agree? And the landscape of each.",
        tour=(
            stop("gradient_shift", "The norm of G − G′: which network is highest, early and late?"),
            stop("landscape", "How far loss and gradient change along the gradient: which network's lines are lowest?"),
            stop("loss", "How far does noisy BN stay behind BN, in each architecture?"),
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
    verdict,
    landscape,
)
