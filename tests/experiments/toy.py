"""An experiment as one module: all that there is of it."""

from __future__ import annotations

from shiftscope.config import Mlp, RunConfig, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import PLAIN, RUN, part, stop
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import above
from shiftscope.experiments.reductions import Recorded, over_training
from shiftscope.experiments.text import literal, t
from shiftscope.experiments.verdict import Figures, Results, Verdict, conclude, number, table

LABEL = "one small network"
_RUNS = (PlannedRun(label=LABEL, config=RunConfig(network=Mlp(depth=1, width=4), duration=Steps(steps=12))),)


def mean_loss(recorded: Recorded, measured: Figures) -> Figures:
    """Reduce the recorded losses to their mean, and put it beside what a step was measured to cost."""
    losses = recorded.values("steps", "loss", network=PLAIN).astype(float)
    mean = float(over_training(recorded.steps("steps"), losses))
    return {f"{PLAIN}/mean_loss": mean, f"{PLAIN}/loss_a_second": mean / measured[f"{PLAIN}/step_seconds"]}


def verdict(results: Results) -> Verdict:
    """Compare the mean loss with nothing."""
    loss = results.mean(LABEL, f"{PLAIN}/mean_loss")
    parts = [part(above(loss, 0), t("there is a loss"), number(loss))]
    return conclude(parts, table(RUN, [t("Loss")], [(literal(LABEL), results.shown(LABEL, f"{PLAIN}/mean_loss"))]))


CLAIM = Claim(
    Experiment(
        id="toy",
        claim=23,
        group="others",
        title="A toy",
        question="Is there a loss?",
        prediction="There is.",
        watch="The loss.",
        tour=(stop("loss", "There it is."), stop("loss", "And here."), stop("loss", "And there.")),
        change="Take two layers.",
        next=changed(_RUNS[0].config, to("network.depth", 2)),
        rule="The mean loss over the training is above 0.",
        formulae=(m.math("L", ">", "0"),),
        views=("loss",),
        seeds=1,
        runs=_RUNS,
    ),
    verdict,
    mean_loss,
    measurement="shiftscope.lab.measurements.speed:StepSeconds",
)
