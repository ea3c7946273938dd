"""Claim 10: a bias before BN is redundant, and gamma and beta can undo BN."""

from __future__ import annotations

from shiftscope.config import Mlp, RunConfig, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, normalize
from shiftscope.experiments.claims.common import BN, IOFFE, PLAIN, TWINS, at, part, stop
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import above, all_of, at_most, largest, least
from shiftscope.experiments.text import literal, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

LABEL = "5 hidden layers"
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
"""Largest difference of outputs over the largest output that is rounding: some thousand units in the last place."""
CHANGED = 0.01

_RUNS = (
    PlannedRun(
        label=LABEL,
        config=RunConfig(variants=TWINS, network=Mlp(depth=5, width=64), duration=Steps(steps=300), probes="full"),
    ),
)


def _worst(results: Results, name: str) -> float:
    return largest(results.each(LABEL, name))


def verdict(results: Results) -> Verdict:
    """Compare outputs to float error, in both precisions."""
    bias = {dtype: _worst(results, f"{BN}/{dtype}/bias") for dtype in TOLERANCE}
    undone = {dtype: _worst(results, f"{dtype}/undone") for dtype in TOLERANCE}
    control = least(results.each(LABEL, f"{PLAIN}/float64/bias"))
    before = least(results.each(LABEL, "float64/as_it_was"))

    def both(values: dict[str, float]) -> str:
        return ", ".join(f"{dtype} {number(value)}" for dtype, value in values.items())

    parts = [
        part(
            at_most(bias.values(), TOLERANCE.values()),
            t("adding any bias before BN changes no output"),
            both(bias),
        ),
        part(
            above(control, CHANGED),
            t("without BN the same biases change the outputs"),
            number(control),
        ),
        part(
            all_of(at_most(undone.values(), TOLERANCE.values()), above(before, CHANGED)),
            t("gamma = sqrt(var + eps) and beta = mean give back the network without BN"),
            t("{after}; {before} before", after=both(undone), before=number(before)),
            at("affine"),
        ),
    ]
    rows = [
        (what, *(results.shown(LABEL, name.format(dtype)) for dtype in TOLERANCE))
        for what, name in (
            (t("bias added, with BN"), BN + "/{}/bias"),
            (t("bias added, without BN"), PLAIN + "/{}/bias"),
            (t("BN as trained against no BN"), "{}/as_it_was"),
            (t("BN undone against no BN"), "{}/undone"),
        )
    ]
    first = t("Largest difference over largest output")
    return conclude(parts, table(first, [literal(dtype) for dtype in TOLERANCE], rows))


CLAIM = Claim(
    Experiment(
        id="redundant-bias",
        claim=10,
        group="inside",
        title="A bias for nothing",
        question="BN takes the mean away. What, then, does a bias before it do? And can gamma and beta undo BN altogether?",
        prediction="Any bias before BN leaves the outputs as they are; with gamma = sqrt(var + eps) and beta = mean, BN is the identity.",
        watch="The verdict's table: how far the outputs move when biases are added, and when gamma and beta undo BN.",
        tour=(
            stop("gradients", "The layers' gradients, weights and bias together: what a bias before BN adds is rounding alone."),
            stop("affine", "Gamma and beta can do what the weights' scale and the biases did. How far do they go?"),
            stop("microscope", "The mean of x before BN, whatever it is: after the second stage nothing of it is left."),
        ),
        change="Set eps to 1: does gamma = sqrt(var + eps) still undo BN?",
        next=changed(_RUNS[0].config, normalize("batch", eps=1)),
        rule="Outputs in train mode on one batch, largest difference over the largest output: at most 1e-12 in float64 and 1e-4 in float32. As a control, the same biases must change the plain network's outputs by more than 1 %.",
        formulae=(
            m.math(m.words("BN"), "(", "W", "x", "+", "b", ")", "=", m.words("BN"), "(", "W", "x", ")"),
            m.math("γ", "=", m.root(m.row(m.sup("σ", "2"), "+", "ε")), ",", "β", "=", "μ", ":", m.words("BN"), "(", "x", ")", "=", "x"),
        ),
        sources=(IOFFE,),
        views=("gradients", "microscope", "affine"), layer="hidden 1",
        seeds=1,
        runs=_RUNS,
    ),
    verdict,
    measurement="shiftscope.lab.measurements.algebra:Redundancy",
)  # fmt: skip
