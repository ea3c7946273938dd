"""Claim 18: scaled inputs make the loss surface round."""

from __future__ import annotations

from shiftscope.config import Digits, Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import BN, PLAIN, QUICK, TWINS, at, part, shorter, steps, stop
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, QuadraticLoss, Source
from shiftscope.experiments.outcomes import all_of, at_least, at_most, below
from shiftscope.experiments.text import t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

RAW, STANDARDIZED = "raw", "standardized"
ROUND, LONG = 2.0, 10.0
FASTER = 10.0

_RUNS = (
    PlannedRun(label=RAW, config=RunConfig(
        dataset=Digits(scaling="raw"), variants=TWINS, network=Mlp(depth=2, width=32), optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=800))),
    PlannedRun(label=STANDARDIZED, config=RunConfig(
        dataset=Digits(scaling="standardized"), variants=TWINS, network=Mlp(depth=2, width=32), optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=800))),
)  # fmt: skip

_SURFACES = (
    QuadraticLoss(label=RAW, inputs=("age", "height"),
        hessian=((2204.93585170786, 7562.307098627361), (7562.307098627361, 28828.244977042956)),
        lowest=(0.028977278209668354, -0.007546816111279082)),
    QuadraticLoss(label=STANDARDIZED, inputs=("age", "height"),
        hessian=((1.0, 0.03877980544850407), (0.03877980544850407, 1.0)),
        lowest=(0.4837693683713434, 0.31858390454609703)),
)  # fmt: skip
"""What the measurement finds of its two hundred people, so that the page can draw it at once. A test compares."""


def verdict(results: Results) -> Verdict:
    """Compare the shape of the two surfaces, the descents on them, and a network on raw and standardized pixels."""
    condition = {label: results.mean(label, "surface/condition") for label in (RAW, STANDARDIZED)}
    descent = {label: results.mean(label, "surface/steps") for label in (RAW, STANDARDIZED)}
    network = {label: results.mean(label, f"{PLAIN}/steps") for label in (RAW, STANDARDIZED)}
    parts = [
        part(
            all_of(at_least(condition[RAW], LONG), at_most(condition[STANDARDIZED], ROUND)),
            t("raw, the surface of age and height is a long valley; standardized, it is round"),
            t(
                "condition number {raw} and {standardized}",
                raw=number(condition[RAW]),
                standardized=number(condition[STANDARDIZED]),
            ),
            at("surface"),
        ),
        part(
            at_least(descent[RAW], FASTER * descent[STANDARDIZED]),
            t("gradient descent needs at least ten times fewer steps on it"),
            t("{first} and {second}", first=number(descent[RAW]), second=number(descent[STANDARDIZED])),
            at("surface"),
        ),
        part(
            below(network[STANDARDIZED], network[RAW]),
            t("a network without BN learns standardized pixels sooner"),
            t(
                "90 % after {standardized} against {raw} steps",
                standardized=number(network[STANDARDIZED]),
                raw=number(network[RAW]),
            ),
            at("sweep"),
        ),
    ]
    rows = [
        (
            name,
            results.shown(label, "surface/condition"),
            results.shown(label, "surface/steps"),
            results.shown(label, f"{PLAIN}/steps"),
            results.shown(label, f"{BN}/steps"),
        )
        for label, name in ((RAW, t("raw")), (STANDARDIZED, t("standardized")))
    ]
    columns = (
        t("condition number"),
        t("steps of gradient descent"),
        t("network without BN: steps to 90 %"),
        t("network with BN: steps to 90 %"),
    )
    return conclude(parts, table(t("Inputs"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="input-scaling",
        claim=18,
        group="signal",
        title="A valley or a bowl",
        question="Age in years, height in centimetres: what does their scale do to the loss surface, and to the way down?",
        prediction="Raw, the contours are a long valley and gradient descent crawls along it; standardized, they are round and a few steps suffice.",
        watch="The contours and the path on them, raw and standardized.",
        tour=(
            stop("loss", "The network's loss, run by run: raw pixels (0 to 16), then standardized ones. The verdict says which learned sooner."),
            stop("moments", "Raw inputs, then standardized ones: how widely are the first layer's pre-activations spread in each?"),
            stop("gradients", "The gradients of the two layers, raw and standardized: how far apart are they?"),
        ),
        change="Scale the pixels to 0 and 1 alone (binary).",
        next=changed(_RUNS[0].config, to("dataset.scaling", "binary")),
        rule="Long: a condition number of the Hessian of 10 or more; round: 2 or less. Gradient descent takes the best constant step, 2/(λ₁ + λₙ), until 1 % of the excess loss is left. The network's steps count to the first evaluation at 90 %.",
        formulae=(
            m.math("L", "(", "w", ")", "=", m.frac("1", "2"), m.words("mean "), m.sup(m.row("(", m.sub("w", "1"), m.words(" age "), "+", m.sub("w", "2"), m.words(" height "), "−", "y", ")"), "2")),
            m.math("κ", "=", m.frac(m.sub("λ", "1"), m.sub("λ", "n"))),
        ),
        sources=(Source(title="LeCun et al. 1998, Efficient BackProp", url="https://doi.org/10.1007/3-540-49430-8_2"),),
        views=("loss", "moments", "gradients"), layer="hidden 1",
        seeds=1,
        runs=_RUNS, quick=shorter(_RUNS, 500), quick_note=QUICK, surfaces=_SURFACES,
    ),
    verdict,
    steps,
    measurement="shiftscope.lab.measurements.surface:LossSurface",
)  # fmt: skip
