"""Reads a run's frames as they pass, and finds the sentences that can be said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shiftscope.narration.observed import Observed
from shiftscope.narration.rule import Rule
from shiftscope.narration.rules.changes import LearningRateChanges
from shiftscope.narration.rules.divergence import Divergence
from shiftscope.narration.rules.drift import DriftCompared
from shiftscope.narration.rules.equal_loss import EqualLoss
from shiftscope.narration.rules.gradients import GradientsAlongDepth
from shiftscope.narration.rules.learning import Learning
from shiftscope.narration.rules.progress import Milestones, Overtaking
from shiftscope.narration.rules.silence import Silence
from shiftscope.narration.rules.summary import summary
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import EventMessage

MOST = 60
"""Sentences of one run, those at its end apart: a longer list would be read by nobody."""


def new_rules() -> tuple[Rule, ...]:
    """Return all rules, in the order in which they speak of one frame."""
    return (
        Divergence(),
        Learning(),
        Silence(),
        GradientsAlongDepth(),
        DriftCompared(),
        EqualLoss(),
        Milestones(),
        Overtaking(),
        LearningRateChanges(),
    )


class Narrator:
    """Of one run. Frames are given in the order in which they were recorded; belongs to one thread."""

    def __init__(self, header: RunHeader) -> None:
        self._observed = Observed(header)
        self._told = 0
        rules = new_rules()
        self._rules: dict[str, tuple[Rule, ...]] = {}
        for name in (layout.name for layout in header.layouts):
            trigger = "drift" if name == self._observed.drift_stream else name
            self._rules[name] = tuple(rule for rule in rules if trigger in rule.streams)

    def observe(self, frame: Frame) -> list[EventMessage]:
        """Return what there is to say after a frame: mostly nothing."""
        stream = self._observed.read(frame)
        if self._told >= MOST:
            return []
        found = [said for rule in self._rules.get(stream, ()) for said in rule.observe(self._observed)]
        self._told += len(found)
        return found

    def end(self) -> list[EventMessage]:
        """Return what there is to say when the run has ended."""
        return list(summary(self._observed))


def narrate(header: RunHeader, frames: Iterable[Frame], *, ended: bool) -> Iterator[EventMessage]:
    """Yield the sentences of a run whose frames are all there, in the order of their steps."""
    narrator = Narrator(header)
    for frame in frames:
        yield from narrator.observe(frame)
    if ended:
        yield from narrator.end()
