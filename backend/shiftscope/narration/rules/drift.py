"""Whose hidden layers move, and whose stand still. The output layer has to move: it is named apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import permutations

from shiftscope.narration.observed import Observed
from shiftscope.narration.rule import Latch
from shiftscope.narration.rules.learning import STILL
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.wire.messages import EventMessage

FARTHER, BACK = 3.0, 2.0
"""How many times farther one network's hidden layers have moved than the other's, for it to be said, and said anew."""
MOVED = 1.0
"""Sigma of the start that the farther one must have moved: less is what single steps do."""
IN_A_ROW = 5
"""Drift frames one after the other for which it is so."""
MOST = 3
"""How often it is said of two networks, in one direction."""

_CODES = {
    (False, True): "narration.moved_farther",
    (True, True): "narration.moved_farther_while_still",
    (False, False): "narration.moved_farther_hidden",
    (True, False): "narration.moved_farther_hidden_while_still",
}
"""By whether the other stands still, for then that it does not learn either is half of the truth; and by whether the
output layers have a drift."""


@dataclass
class DriftCompared:
    """Says that the hidden layers of one network moved much farther than those of another, whichever that is."""

    streams = frozenset({"drift"})
    _latches: dict[tuple[str, str], Latch] = field(default_factory=dict)
    _told: dict[tuple[str, str], int] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence for each pair that has come apart."""
        for far, near in permutations(now.networks, 2):
            if far.diverged or near.diverged:
                continue
            layer, most = far.farthest()
            other_layer, other = near.farthest()
            ratio = most / other if other > 0 and most >= MOVED else 0.0 if math.isfinite(most + other) else math.nan
            latch = self._latches.setdefault((far.name, near.name), Latch(FARTHER, BACK, IN_A_ROW))
            if not latch.turns_on(ratio) or self._told.get((far.name, near.name), 0) >= MOST:
                continue
            self._told[far.name, near.name] = self._told.get((far.name, near.name), 0) + 1
            outputs = {"output": far.drift[-1], "other_output": near.drift[-1]}
            known = math.isfinite(sum(outputs.values()))
            yield sentence(
                _CODES[near.fallen < STILL, known], now.step, "shift", network=far.name, layer=layer,
                values=outputs if known else {}, name=far.name, layer_name=layer, drift=most,
                other=near.name, other_layer=other_layer, other_drift=other, times=rounded(ratio, 2),
            )  # fmt: skip
