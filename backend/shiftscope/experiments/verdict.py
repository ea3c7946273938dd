"""What the measured numbers say about a claim: pure functions from numbers to words and a table.

A claim is made of parts. Each holds or does not, by a stated rule; a claim all of whose parts hold is supported, one
none of whose parts does is not, and in between it depends, and the verdict lists which part holds. A part that rests on
a number that is NaN, because it was not measured or its network diverged, is undecided; and so is a claim, unless it
depends whatever that number is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shiftscope.experiments.outcomes import Outcome
from shiftscope.experiments.text import Text, join, literal, t

Figures = Mapping[str, float]
"""What was measured of one run, by name; those of one network begin with its name and a slash."""

Kind = Literal["supported", "not_supported", "depends", "undecided"]


class Table(BaseModel):
    """Figures side by side: each row begins with what it is about."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


class Evidence(BaseModel):
    """Where a part of a claim can be seen: a chart of one of the runs, or of all of them."""

    model_config = ConfigDict(frozen=True)

    view: str
    run: str = Field("", description="label of a run; empty: whichever is shown")
    step: int | None = Field(None, description="the step to look at; null: the end")
    choices: Mapping[str, str] = Field({}, description="what is chosen in the chart, by the names of its choices")


class Part(BaseModel):
    """One thing that a claim says, whether it holds, and by which numbers."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    says: Text
    numbers: Text
    evidence: Evidence | None = None


class Verdict(BaseModel):
    """What was found about a claim."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    sentence: Text = Field(description="the verdict in words, with the numbers that it rests on")
    parts: tuple[Part, ...]
    table: Table


class Results:
    """The figures of all runs of an experiment: for each planned run, those of each seed."""

    def __init__(self, measured: Mapping[str, Sequence[Figures]]) -> None:
        self._measured = measured

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the planned runs, in order."""
        return tuple(self._measured)

    @property
    def seeds(self) -> int:
        """How many seeds each planned run had."""
        return min((len(runs) for runs in self._measured.values()), default=0)

    def each(self, label: str, name: str) -> list[float]:
        """Return a figure, seed by seed; NaN where it was not measured. Raises KeyError when there is no such run."""
        return [float(figures.get(name, math.nan)) for figures in self._measured[label]]

    def names(self, label: str) -> tuple[str, ...]:
        """Return the names of a planned run's figures."""
        return tuple(self._measured[label][0])

    def mean(self, label: str, name: str) -> float:
        """Return the mean of a figure over the seeds; NaN when one of them is."""
        values = self.each(label, name)
        return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else _not_finite(values)

    def shown(self, label: str, name: str, digits: int = 3, *, percent: bool = False) -> Text:
        """Return a figure for a table: the mean, and with several seeds the least and the largest, or why none is."""
        values = self.each(label, name)
        if unknown := [seed for seed, value in enumerate(values) if math.isnan(value)]:
            return self._why_unknown(label, name, unknown)
        scale = 100 if percent else 1
        words = number(self.mean(label, name) * scale, digits)
        if len(values) > 1:
            words += f" ({number(min(values) * scale, digits)}–{number(max(values) * scale, digits)})"
        return t("{value} %", value=words) if percent else literal(words)

    def _why_unknown(self, label: str, name: str, seeds: Sequence[int]) -> Text:
        network, *_ = name.split("/")
        diverged = all(f"{network}/diverged" in self._measured[label][seed] for seed in seeds)
        why = t("diverged") if diverged else t("not measured")
        count = len(self._measured[label])
        return why if len(seeds) == count else t("{why} in {some} of {all} seeds", why=why, some=len(seeds), all=count)


def _not_finite(values: Sequence[float]) -> float:
    return math.inf if all(value == math.inf or math.isfinite(value) for value in values) else math.nan


def number(value: float, digits: int = 3) -> str:
    """Return a number with `digits` significant digits, as people write it."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
        return f"{value:.{min(places, 6)}f}"
    mantissa, exponent = f"{value:.{max(digits - 2, 0)}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def percent(value: float) -> Text:
    """Return a fraction in percent."""
    return t("{value} %", value=f"{100 * value:.1f}") if math.isfinite(value) else literal(number(value))


def conclude(parts: Sequence[Part], table: Table) -> Verdict:
    """Return what the parts of a claim come to."""
    held, failed, unknown = (
        [part for part in parts if part.outcome is outcome]
        for outcome in (Outcome.HOLDS, Outcome.FAILS, Outcome.UNDECIDED)
    )
    kind = _kind(len(held), len(failed), len(unknown))
    sentences = []
    if kind == "supported":
        sentences = [t("Supported: {held}.", held=_enumerate(held))]
    elif kind == "not_supported":
        sentences = [t("Not supported. Does not hold: {failed}.", failed=_enumerate(failed))]
    elif kind == "depends":
        sentence = t(
            "It depends. Holds: {held}. Does not hold: {failed}.", held=_enumerate(held), failed=_enumerate(failed)
        )
        sentences = [sentence]
    else:
        sentences = [t("Undecided.")]
        sentences += [t("Holds: {held}.", held=_enumerate(held))] if held else []
        sentences += [t("Does not hold: {failed}.", failed=_enumerate(failed))] if failed else []
    sentences += [t("Not measured: {unknown}.", unknown=_enumerate(unknown))] if unknown else []
    return Verdict(kind=kind, sentence=join(sentences, " "), parts=tuple(parts), table=table)


def _kind(held: int, failed: int, unknown: int) -> Kind:
    """Return the verdict, if it is the same whatever the unknown parts would turn out to be."""
    if held and failed:
        return "depends"
    if unknown or not (held or failed):
        return "undecided"
    return "supported" if held else "not_supported"


def _enumerate(parts: Sequence[Part]) -> Text:
    return join([t("{says} ({numbers})", says=part.says, numbers=part.numbers) for part in parts])


def table(first: Text, columns: Sequence[Text], rows: Sequence[Sequence[Text]]) -> Table:
    """Return a table; each row's first cell is what `first` names."""
    return Table(columns=(first, *columns), rows=tuple(tuple(row) for row in rows))
