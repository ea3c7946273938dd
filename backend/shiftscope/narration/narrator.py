"""Reads a run's frames as they pass, and finds the sentences that can be said of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import JsonValue

from shiftscope.config import Intervention
from shiftscope.narration.observed import Known, Observed
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
from shiftscope.wire.messages import EventMessage, Revision

MOST = 60
"""Sentences of one run, those at its end apart: a longer list would be read by nobody."""


Rules = tuple[
    Origin, Divergence, Learning, Silence, GradientsAlongDepth, DriftCompared, EqualLoss, Milestones, Overtaking,
    LearningRateChanges, Interventions,
]  # fmt: skip
"""In the order in which they speak of one frame."""


def new_rules() -> Rules:
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


@dataclass(frozen=True)
class Carried:
    """All that a narrator carries from one frame to the next.

    Attributes:
        begun: the header with which the run began.
        header: as it is since streams were laid out anew.
        told: how many sentences there were.
        known: of the run.
        rules: with what each of them keeps.
    """

    begun: RunHeader
    header: RunHeader
    told: int
    known: Known
    rules: Rules


class Narrator:
    """Of one run. Frames are given in the order in which they were recorded; belongs to one thread."""

    def __init__(self, header: RunHeader) -> None:
        self._observed = Observed(header)
        self._begun = self._header = header
        self._told = 0
        self._listen(new_rules())

    @classmethod
    def resumed(cls, carried: Carried) -> Self:
        """Return a narrator that goes on from what another carried. Raises ValueError where that contradicts itself."""
        narrator = cls(carried.begun)
        narrator._header, narrator._told = carried.header, carried.told
        narrator._observed.carry_on(carried.known, carried.header)
        narrator._listen(carried.rules)
        return narrator

    @property
    def carried(self) -> Carried:
        """What it carries now; it shares all of that, so write it down before the next frame."""
        return Carried(self._begun, self._header, self._told, self._observed.known, self._all)

    def _listen(self, rules: Rules) -> None:
        self._all = rules
        self._rules: dict[str, tuple[Rule, ...]] = {}
        for name in dict.fromkeys(layout.name for layout in self._begun.layouts):
            trigger = "drift" if name == self._observed.drift_stream else name
            self._rules[name] = tuple(rule for rule in rules if trigger in rule.streams)

    def revise(self, value: JsonValue) -> None:
        """Note that streams are laid out anew, as an event of kind layouts says. Raises ValueError."""
        self._header = Revision.model_validate(value).of(self._header)
        self._observed.revise(self._header)

    def observe(self, frame: Frame) -> list[EventMessage]:
        """Return what there is to say after a frame: mostly nothing."""
        stream = self._observed.read(frame)
        if self._told >= MOST:
            return []
        found = [said for rule in self._rules.get(stream, ()) for said in rule.observe(self._observed)]
        self._told += len(found)
        return found

    def lost(self, network: str) -> None:
        """Note that a loss of a network is no number, as an event of kind diverged says."""
        self._observed.lost.add(network)

    def intervened(self, networks: Mapping[str, Intervention], step: int) -> None:
        """Note what is done to networks from a step on, whose frames may be yet to come."""
        self._observed.interventions.update({name: (step, done) for name, done in networks.items()})

    def end(self) -> list[EventMessage]:
        """Return what there is to say when the run has ended."""
        return list(summary(self._observed))


def narrate(
    header: RunHeader,
    frames: Iterable[Frame],
    *,
    ended: bool,
    done: Iterable[tuple[int, str, Intervention]] = (),
    lost: Iterable[tuple[int, str]] = (),
) -> Iterator[EventMessage]:
    """Yield the sentences of a run whose frames are all there, in the order of their steps.

    Args:
        header: of the run.
        frames: in the order in which they were recorded.
        ended: whether nothing more comes.
        done: step, network and what was done to it from then on, in the order of the steps.
        lost: since which step the loss of which network is no number, in the order of the steps.
    """
    narrator = Narrator(header)
    waiting, gone = deque(done), deque(lost)
    for frame in frames:
        while gone and gone[0][0] <= frame.step:
            narrator.lost(gone.popleft()[1])
        while waiting and waiting[0][0] < frame.step:
            step, network, intervention = waiting.popleft()
            narrator.intervened({network: intervention}, step)
        yield from narrator.observe(frame)
    if ended:
        yield from narrator.end()
