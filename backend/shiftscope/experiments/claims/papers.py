"""Claims 21 and 22: Ioffe & Szegedy's figure 1, and the measures of Santurkar et al."""

from __future__ import annotations

from shiftscope.config import (
    BatchNormalization,
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
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    SANTURKAR,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    look,
    pair,
    part,
    shorter,
    titled,
    variants,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, join, named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, table

FIGURE = "3 x 100 sigmoid"

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


def figure_verdict(results: Results) -> Verdict:
    """Compare accuracy, speed and the wandering of the last hidden layer's inputs."""
    accuracy, steps, wander = (
        {network: results.mean(FIGURE, f"{network}/{name}") for network in (PLAIN, BN)}
        for name in ("test_accuracy", "steps", "wander")
    )
    parts = [
        part(
            accuracy[BN] > accuracy[PLAIN],
            t("the network with BN ends with the higher test accuracy"),
            pair(results, FIGURE, "test_accuracy", fraction=True),
        ),
        part(
            steps[BN] < steps[PLAIN],
            t("it reaches 90 % in fewer steps"),
            pair(results, FIGURE, "steps"),
        ),
        part(
            wander[BN] < wander[PLAIN],
            t("the inputs to its last sigmoids wander less"),
            t("in widths of the 15–85 % band: {figures}", figures=pair(results, FIGURE, "wander")),
        ),
    ]
    rows = [
        (
            name,
            results.shown(FIGURE, f"{network}/test_accuracy", percent=True),
            results.shown(FIGURE, f"{network}/steps"),
            results.shown(FIGURE, f"{network}/wander"),
            results.shown(FIGURE, f"{network}/widening"),
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


def _landscape(label: str, network: Network) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            dataset=Mnist(),
            variants=variants(
                without_BN=NoNormalization(), with_BN=BatchNormalization(), noisy_BN=NoisyBatchNormalization()
            ),
            network=network, optimizer=Sgd(learning_rate=0.1), batch_size=128, duration=Steps(steps=2000), recording=FRAMES,
            probes="full",
        ),
    )  # fmt: skip


_LANDSCAPE = (
    _landscape(SIGMOIDS, Mlp(depth=3, width=100, activation="sigmoid", init="normal", init_std=0.1)),
    _landscape(RELUS, Mlp(depth=8, width=64, init="he_normal")),
)


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
            all(noise >= clean - POINTS for noise, clean in noisy),
            t("noise after BN, which brings the shift back, does little harm"),
            t("noisy and plain BN: {each}", each=join([_over(noise, clean) for noise, clean in noisy], ", ")),
        ),
        *(
            part(
                mean(label, BN, "gradient_shift") >= mean(label, PLAIN, "gradient_shift"),
                t("the gradient shift is as large with BN as without, or larger ({label})", label=named(label)),
                said(label, "gradient_shift"),
            )
            for label in (SIGMOIDS, RELUS)
        ),
    ]
    for name, better in (
        ("variation", t("the loss varies less along the gradient with BN")),
        ("predictiveness", t("the gradient changes less along itself with BN")),
        ("smoothness", t("the effective smoothness is better with BN")),
    ):
        parts += [
            part(
                mean(label, BN, name) < mean(label, PLAIN, name),
                t("{better} ({label})", better=better, label=named(label)),
                said(label, name),
            )
            for label in (SIGMOIDS, RELUS)
        ]
    measures = ("gradient_shift", "cosine", "variation", "predictiveness", "smoothness")
    rows = [
        (
            titled(named(label), named(network)),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/gradient_shift/early"),
            results.shown(label, f"{network}/gradient_shift/late"),
            *(results.shown(label, f"{network}/{name}") for name in measures[1:]),
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
        title="Ioffe & Szegedy's figure 1",
        question="Three hidden layers of 100 sigmoids on MNIST, batches of 60: how far does the input to a sigmoid of the last hidden layer wander?",
        prediction="With BN the test accuracy is higher, comes sooner, and the 15th, 50th and 85th percentiles stay in place.",
        watch="The percentiles of the last hidden layer's input to its sigmoid, step by step.",
        looks=(
            look("density", "The three lines: which network's wander?"),
            look("loss", "Test accuracy: the first thousand steps."),
            look("shift", "Layer by layer: where does the drift begin?"),
        ),
        change="Train for 50,000 steps, as the paper does.",
        rule="Each must be better with BN. Wandering: the range of a unit's median over 50 looks on a fixed probe batch, in widths of its 15–85 % band, mean over the 100 units. The paper trains for 50,000 steps; this run takes 10,000.",
        formulae=(m.math("z", "=", m.words("sigmoid "), "(", m.words("BN"), "(", "W", "u", ")", ")"),),
        sources=(IOFFE,),
        views=("density", "loss", "shift"),
        layer="hidden 3",
        runs=_FIGURE,
        quick=shorter(_FIGURE, 3000),
        quick_note=QUICK,
    ),
    figure_verdict,
)

LANDSCAPE = Claim(
    Experiment(
        id="santurkar",
        claim=22,
        title="Is it really the shift?",
        question="Santurkar et al. measure shift by the gradient, and find that BN does not reduce it; what changes is the landscape. Here too?",
        prediction="Noisy BN trains as well; gradient shift is no smaller with BN; loss and gradient vary less along the gradient.",
        watch="Drift and gradient shift of the three networks, two definitions that disagree, and the landscape of each.",
        looks=(
            look("gradient_shift", "The norm of G − G′: which network is highest, early and late?"),
            look("landscape", "How far loss and gradient change along the gradient: which network's lines are lowest?"),
            look("loss", "Noisy BN trains all the same."),
        ),
        change="Make the noise ten times as large.",
        rule="Little harm: within 2 points of test accuracy of BN. Gradient shift: mean of the norm of G − G′ over layers and 20 looks; the first layer's is 0 by definition. Loss, gradient and smoothness along the gradient: steps of 0.5, 1, 2 and 4 learning rates; means over 20 looks.",
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
)
