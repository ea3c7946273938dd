"""What an experiment is: a claim, the runs that test it, the charts that show it, and how its verdict is found.

All of it is declared in one module of claims/; the catalogue lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from shiftscope.config import RunConfig
from shiftscope.experiments.reductions import Recorded
from shiftscope.experiments.text import Prose
from shiftscope.experiments.verdict import Figures, Results, Verdict

View = Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")]
"""The id of a chart of a run. A test finds each that is used in frontend/views/index.js, which alone lists them."""

Group = Literal["training", "shift", "signal", "batches", "inside", "others"]
"""What an experiment is about: the page's gallery has a heading for each (group.training and so on)."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Data):
    """Where a claim or a formula comes from."""

    title: str
    url: str = ""


class TourStop(_Data):
    """One stop of the guided tour: a chart, and what to see in it."""

    view: View
    text: Prose
    run: str = Field("", description="label of the run that it is about; empty: whichever is shown")


class PlannedRun(_Data):
    """One run of an experiment; `label` tells it from the others."""

    label: str = Field(min_length=1, max_length=60)
    config: RunConfig


class QuadraticLoss(_Data):
    """A loss of two weights that can be drawn before anything is trained: quadratic, lowest at `lowest`."""

    label: str = Field(description="as that of the planned run which measures it")
    inputs: tuple[str, str] = Field(description="what the weights multiply: input.NAME in the page's texts")
    hessian: tuple[tuple[float, float], tuple[float, float]]
    lowest: tuple[float, float] = Field(description="the two weights at which the loss is lowest")


class Experiment(_Data):
    """All that is known of an experiment before it runs."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="its name in a link and on the command line")
    claim: int = Field(ge=1, description="number of the claim that it tests")
    group: Group
    title: Prose
    question: Prose
    prediction: Prose = Field(description="what the claim says will be seen")
    watch: Prose = Field(description="what to watch while it runs")
    tour: tuple[TourStop, TourStop, TourStop] = Field(
        description="the guided tour: three charts, and what to see in each"
    )
    change: Prose = Field(description="one thing to change for the next run")
    next: RunConfig = Field(description="config of the first run with that one thing changed")
    rule: Prose = Field(description="how the verdict is found, with its tolerances")
    formulae: tuple[str, ...] = Field((), description="MathML")
    sources: tuple[Source, ...] = ()
    views: tuple[View, ...] = Field(min_length=1, description="the charts that matter, the first one first")
    layer: str = Field("", description="the layer to put in focus; empty for the page's own choice")
    seeds: int = Field(3, ge=1, description="how many seeds each planned run is given unless told otherwise")
    runs: tuple[PlannedRun, ...] = Field(min_length=1)
    quick: tuple[PlannedRun, ...] = Field((), description="the same with fewer steps; empty where `runs` are as quick")
    quick_note: Prose = Field("", description="what the quick runs leave out")
    surfaces: tuple[QuadraticLoss, ...] = Field((), description="losses on which gradient descent can be tried out")

    @computed_field(description="config of the first run")  # type: ignore[prop-decorator]
    @property
    def config(self) -> RunConfig:
        """The config of the first run."""
        return self.runs[0].config

    def plan(self, *, quick: bool = False, seeds: int | None = None) -> tuple[tuple[PlannedRun, int], ...]:
        """Return the runs to be done, each with its seed; all labels of one seed come before the next seed."""
        runs = self.quick if quick and self.quick else self.runs
        count = seeds or (1 if quick else self.seeds)
        return tuple(
            (PlannedRun(label=run.label, config=run.config.model_copy(update={"seed": run.config.seed + seed})), seed)
            for seed in range(count)
            for run in runs
        )


def nothing_more(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Return no figure: the last evaluation's and those of the measurement are all."""
    return {}


@dataclass(frozen=True)
class Claim:
    """An experiment, what is found out of each of its runs, and the function that finds its verdict.

    Attributes:
        experiment: the texts and the runs.
        verdict: from the figures of all runs.
        figures: of one run, reduced from what it recorded and from what the measurement found (reductions.py). The
            last evaluation is there without it.
        measurement: "module:Class" of a shiftscope.lab.measurements.base.Measurement, for what no stream holds. It is
            imported only where a run is trained, for it needs torch; empty for none.
    """

    experiment: Experiment
    verdict: Callable[[Results], Verdict]
    figures: Callable[[Recorded, Figures], Figures] = nothing_more
    measurement: str = ""

    def judge(self, measured: Mapping[str, Sequence[Figures]]) -> Verdict:
        """Return the verdict on what was measured, by label of the planned run and seed.

        Raises:
            KeyError: a figure or a run is missing; the message names it.
        """
        return self.verdict(Results(measured))
