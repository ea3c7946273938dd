"""Claim 14: the shift adds up with depth."""

from __future__ import annotations

from shiftscope.config import Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    at,
    pair,
    part,
    shorter,
    stop,
    titled,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import at_least, below
from shiftscope.experiments.reductions import (
    Recorded,
    by_layer,
    hidden_layers,
    layer_figures,
    networks,
    rank_correlation,
)
from shiftscope.experiments.text import named, t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, number, table

DEPTH = 10
DEEP = "10 hidden layers"
CORRELATED = 0.5
SINCE, MOVE = "wasserstein_over_sigma_from_start", "wasserstein_over_sigma_from_previous"
"""What the shift map draws, of all units of a layer together."""

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


def drifts(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Reduce the drift of each hidden layer: since step 0 at the last frame, and from frame to frame on average."""
    found: dict[str, float] = {}
    for network in networks(recorded):
        layers = hidden_layers(recorded, network)
        since, moves = (
            by_layer(recorded, "drift", quantity, network=network, layers=layers, site="pre_activation")
            for quantity in (SINCE, MOVE)
        )
        # The first frame has none before it.
        for quantity, values in ((SINCE, since[-1]), (MOVE, moves[1:].mean(axis=0))):
            found |= layer_figures(network, quantity, layers, values)
            found[f"{network}/{quantity}_with_depth"] = rank_correlation(values)
    return found


def verdict(results: Results) -> Verdict:
    """Compare each layer's drift with its depth, and the networks with each other."""
    since, move = (results.mean(DEEP, f"{PLAIN}/{quantity}_with_depth") for quantity in (SINCE, MOVE))
    plain, normalized = (results.mean(DEEP, f"{network}/{SINCE}") for network in (PLAIN, BN))
    parts = [
        part(
            at_least(since, CORRELATED),
            t("without BN the drift since step 0 grows with depth"),
            t("rank correlation {value}", value=number(since)),
            at("shift", drift=SINCE),
        ),
        part(
            at_least(move, CORRELATED),
            t("and so does the drift from one frame to the next"),
            t("rank correlation {value}", value=number(move)),
            at("shift", drift=MOVE),
        ),
        part(
            below(normalized, plain / 2),
            t("with BN the layers drift less than half as far"),
            pair(results, DEEP, SINCE),
            at("ridges"),
        ),
    ]
    rows = [
        (
            named(f"hidden {index}"),
            *(
                results.shown(DEEP, f"{network}/hidden {index}/{kind}")
                for network in (PLAIN, BN)
                for kind in (SINCE, MOVE)
            ),
        )
        for index in range(1, DEPTH + 1)
    ]
    kinds = (t("since step 0"), t("from frame to frame"))
    columns = [titled(name, kind) for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(parts, table(t("Drift (W₁ / σ)"), columns, rows))


DISTANCE = m.math(m.sub("W", "1"), "(", "a", ",", "b", ")", "=", m.words("mean "), "|", m.words("sort"), "(", "a", ")", "−", m.words("sort"), "(", "b", ")", "|")  # fmt: skip

CLAIM = Claim(
    Experiment(
        id="depth",
        claim=14,
        group="shift",
        title="Ten layers down",
        question="Each layer's input moves because all layers before it learn. Does the shift add up with depth?",
        prediction="Without BN the deepest layers drift most; with BN all of them drift far less.",
        watch="The shift map: one row a layer, step by step.",
        tour=(
            stop("shift", "Which rows take on colour first, and which keep the strongest?"),
            stop("ridges", "From the first layer to the tenth, over the outline of step 0."),
            stop("moments", "Mean and spread of the deepest layer."),
        ),
        change="Take 20 layers, or half the learning rate.",
        next=changed(_DEEP[0].config, to("network.depth", 20)),
        rule="Drift: what the shift map draws, the Wasserstein-1 distance of a layer's pre-activations on a fixed probe batch over their standard deviation at the start; at the last frame since step 0, and from frame to frame on average. Grows with depth: Spearman's rank correlation with the layer's number is at least 0.5.",
        formulae=(DISTANCE,),
        sources=(IOFFE,),
        views=("shift", "ridges", "moments"),
        layer="hidden 10",
        runs=_DEEP,
        quick=shorter(_DEEP, 800),
        quick_note=QUICK,
    ),
    verdict,
    drifts,
)
