"""Reads a run's frames as they pass, and finds the sentences that can be said of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from shiftscope.config import Intervention
from shiftscope.narration.observed import Observed
from shiftscope.narration.rule import Rule
from shiftscope.narration.rules.changes import LearningRateChanges
from shiftscope.narration.rules.divergence import Divergence
from shiftscope.narration.rules.drift import DriftCompared
from shiftscope.narration.rules.equal_loss import EqualLoss
from shiftscope.narration.rules.gradients import GradientsAlongDepth
from shiftscope.narration.rules.interventions import Interventions
from shiftscope.narration.rules.learning import Learning
from shiftscope.narration.rules.origin import Origin
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
        Origin(),
        Divergence(),
        Learning(),
        Silence(),
        GradientsAlongDepth(),
        DriftCompared(),
        EqualLoss(),
        Milestones(),
        Overtaking(),
        LearningRateChanges(),
        Interventions(),
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

    def intervened(self, networks: Mapping[str, Intervention], step: int) -> None:
        """Note what is done to networks from a step on, whose frames may be yet to come."""
        self._observed.interventions.update({name: (step, done) for name, done in networks.items()})

    def end(self) -> list[EventMessage]:
        """Return what there is to say when the run has ended."""
        return list(summary(self._observed))


def narrate(
    header: RunHeader, frames: Iterable[Frame], *, ended: bool, done: Iterable[tuple[int, str, Intervention]] = ()
) -> Iterator[EventMessage]:
    """Yield the sentences of a run whose frames are all there, in the order of their steps.

    Args:
        header: of the run.
        frames: in the order in which they were recorded.
        ended: whether nothing more comes.
        done: step, network and what was done to it from then on, in the order of the steps.
    """
    narrator = Narrator(header)
    waiting = deque(done)
    for frame in frames:
        while waiting and waiting[0][0] < frame.step:
            step, network, intervention = waiting.popleft()
            narrator.intervened({network: intervention}, step)
        yield from narrator.observe(frame)
    if ended:
        yield from narrator.end()
