"""What the claims share: the usual pair of networks, names, and ways of saying numbers."""

from __future__ import annotations

from collections.abc import Mapping

from shiftscope.config import (
    BatchNormalization,
    NoNormalization,
    Normalization,
    RunConfig,
    Steps,
    Thinning,
    Variant,
)
from shiftscope.experiments.experiment import PlannedRun, Source, TourStop, View
from shiftscope.experiments.outcomes import Outcome
from shiftscope.experiments.reductions import Recorded, steps_to
from shiftscope.experiments.text import Text, join, literal, named, t
from shiftscope.experiments.verdict import Evidence, Figures, Part, Results, number, percent

PLAIN = "without BN"
BN = "with BN"

TWINS = (Variant(name=PLAIN, normalization=NoNormalization()), Variant(name=BN, normalization=BatchNormalization()))

IOFFE = Source(title="Ioffe & Szegedy 2015, Batch Normalization", url="https://arxiv.org/abs/1502.03167")
SANTURKAR = Source(
    title="Santurkar et al. 2018, How Does Batch Normalization Help Optimization?",
    url="https://arxiv.org/abs/1805.11604",
)
BJORCK = Source(title="Bjorck et al. 2018, Understanding Batch Normalization", url="https://arxiv.org/abs/1806.02375")
WU = Source(title="Wu & He 2018, Group Normalization", url="https://arxiv.org/abs/1803.08494")

WITHOUT_BN = t("without BN")
WITH_BN = t("with BN")
RUN = t("Run")
NETWORK = t("Network")
TEST_ACCURACY = t("Test accuracy")
TEST_LOSS = t("Test loss")
QUICK = "Fewer steps, one seed."
FRAMES = Thinning(frames=300)
"""Frames of each run of a sweep: enough to see it, light to keep."""


def variants(**normalizations: Normalization) -> tuple[Variant, ...]:
    """Return variants by name, underscores as spaces."""
    return tuple(
        Variant(name=name.replace("_", " "), normalization=normalization)
        for name, normalization in normalizations.items()
    )


def shorter(runs: tuple[PlannedRun, ...], steps: int) -> tuple[PlannedRun, ...]:
    """Return the same runs with at most so many steps."""
    return tuple(
        PlannedRun(label=run.label, config=_with(run.config, steps)) if run.config.total_steps > steps else run
        for run in runs
    )


def _with(config: RunConfig, steps: int) -> RunConfig:
    return config.model_copy(update={"duration": Steps(steps=steps)})


def pair(results: Results, label: str, name: str, *, fraction: bool = False) -> Text:
    """Say a figure of both twins."""
    say = percent if fraction else number
    plain, normalized = (say(results.mean(label, f"{network}/{name}")) for network in (PLAIN, BN))
    return t("without BN {plain}, with BN {normalized}", plain=plain, normalized=normalized)


def titled(name: Text, what: Text) -> Text:
    """Return what is said of something, after its name."""
    return t("{name}: {what}", name=name, what=what)


def listed(values: Mapping[str, str]) -> Text:
    """Return figures of several networks, each after its name."""
    return join([t("{name} {value}", name=named(name), value=value) for name, value in values.items()], ", ")


def steps(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Return the steps to a test accuracy of 90 %, by network."""
    return steps_to(recorded)


def stop(view: View, text: str, run: str = "") -> TourStop:
    """Return one stop of the guided tour; `run` is the label of the run that it is about."""
    return TourStop(view=view, text=text, run=run)


def at(view: str, *, run: str = "", step: int | None = None, **choices: str) -> Evidence:
    """Return where a part of a claim can be seen: a chart, perhaps of one run, at one step, with something chosen."""
    return Evidence(view=view, run=run, step=step, choices=choices)


def part(outcome: Outcome, says: Text, numbers: Text | str, evidence: Evidence | None = None) -> Part:
    """Return one part of a claim."""
    shown = literal(numbers) if isinstance(numbers, str) else numbers
    return Part(outcome=outcome, says=says, numbers=shown, evidence=evidence)
