"""How well the networks do: accuracies reached, and who is ahead."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import permutations

from shiftscope.narration.network import Network
from shiftscope.narration.observed import Observed
from shiftscope.narration.rule import Latch
from shiftscope.narration.sentence import sentence
from shiftscope.wire.messages import EventMessage

MILESTONES = (0.5, 0.9, 0.95, 0.98, 0.99)
"""Test accuracies that are worth a word when they are first reached."""
AHEAD, BACK = 1.25, 1.1
"""How many times smaller the loss of a network is that is ahead: losses of batches differ by less."""
IN_A_ROW = 15
"""Recorded steps one after the other for which it is so."""
MOST = 3
"""How often overtaking is said of two networks, in one direction."""


@dataclass
class Milestones:
    """Says the highest test accuracy of the list that a network has reached for the first time."""

    streams = frozenset({"evaluation"})
    _reached: dict[str, float] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield at most one sentence a network and evaluation."""
        for network in now.networks:
            best = max((one for one in MILESTONES if network.accuracy >= one), default=0.0)
            if best <= self._reached.get(network.name, 0.0):
                continue
            self._reached[network.name] = best
            yield sentence(
                "narration.accuracy", now.step, "loss", network=network.name, name=network.name,
                percent=100 * network.accuracy,
            )  # fmt: skip


@dataclass
class Overtaking:
    """Says that a network whose loss was the higher one now has the lower one."""

    streams = frozenset({"steps"})
    _latches: dict[tuple[str, str], Latch] = field(default_factory=dict)
    _leader: dict[frozenset[str], str] = field(default_factory=dict)
    _told: dict[tuple[str, str], int] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence for each pair whose order has changed."""
        for ahead, behind in permutations(now.networks, 2):
            if ahead.diverged or behind.diverged or not ahead.loss > 0:
                continue
            latch = self._latches.setdefault((ahead.name, behind.name), Latch(AHEAD, BACK, IN_A_ROW))
            if latch.turns_on(behind.loss / ahead.loss) and self._overtakes(ahead, behind):
                yield sentence(
                    "narration.overtakes", now.step, "loss", network=ahead.name, name=ahead.name, other=behind.name,
                    loss=ahead.loss, other_loss=behind.loss,
                )  # fmt: skip

    def _overtakes(self, ahead: Network, behind: Network) -> bool:
        """Note who leads; return whether that was the other one before, and is still worth a word."""
        pair = frozenset({ahead.name, behind.name})
        before, self._leader[pair] = self._leader.get(pair), ahead.name
        if before != behind.name:
            return False
        told = self._told.get((ahead.name, behind.name), 0)
        self._told[ahead.name, behind.name] = told + 1
        return told < MOST and not math.isnan(ahead.loss)
