"""Whether a network has begun to learn: it stands still, and later it wakes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from shiftscope.narration.network import Network, Values
from shiftscope.narration.observed import Observed
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.notices import Value
from shiftscope.wire.messages import EventMessage

LEARNED = 0.1
"""A network has begun to learn when its loss is a tenth below the first: more than batches differ in by chance."""
STILL = 0.03
"""It has not while it is less than this below it."""
PATIENCE, ALONE = 50, 200
"""Steps until that is worth a word: fewer where another network of the run has begun, which shows that it can be."""
SMALLER = 2.0
"""A gradient that is not so many times smaller than the other network's explains nothing."""
BACK = 100
"""Steps over which it is said how far a network that wakes has moved."""


@dataclass
class Learning:
    """Says that a network has not begun to learn, and then that it has."""

    streams = frozenset({"layers", "drift"})
    _start: int | None = None
    _state: dict[str, Literal["unknown", "narration.still", "woke", "told"]] = field(default_factory=dict)
    _drifts: dict[str, deque[tuple[int, Values]]] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield at most one sentence a network and frame."""
        self._start = now.step if self._start is None else self._start
        if self._start > 0:  # it goes on from somewhere: its first loss is not that of a network that knows nothing
            return
        for network in now.networks:
            self._remember(network, now.step)
            if network.diverged or network.stopped:
                continue
            state = self._state.get(network.name, "unknown")
            if state == "unknown":
                if network.fallen > LEARNED:
                    self._state[network.name] = "told"
                elif network.fallen < STILL:
                    yield from self._still(network, now)
            elif state == "narration.still" and network.fallen > LEARNED:
                self._state[network.name] = "told"
                yield self._wakes(network, now)

    def _still(self, network: Network, now: Observed) -> Iterator[EventMessage]:
        learned = [one for one in now.networks if one.fallen > LEARNED and not one.diverged]
        other = max(learned, key=lambda one: one.fallen, default=None)
        if now.step < (ALONE if other is None else PATIENCE):
            return
        self._state[network.name] = "narration.still"
        values: dict[str, Value] = {"name": network.name, "loss": network.loss, "first": network.first_loss}
        if other is not None and network.gradients and other.gradients:
            mine, its = network.gradients[0], other.gradients[0]
            if mine > 0 and its / mine >= SMALLER:
                yield sentence(
                    "narration.still_smaller", now.step, "gradients", network=network.name, layer=network.layers[0],
                    values=values, layer_name=network.layers[0], gradient=mine, other=other.name, its=its,
                    times=rounded(its / mine, 2),
                )  # fmt: skip
                return
        yield sentence("narration.still", now.step, "loss", network=network.name, values=values)

    def _wakes(self, network: Network, now: Observed) -> EventMessage:
        """Say how far the hidden layer went that went farthest in the last steps."""
        values: dict[str, Value] = {"name": network.name, "loss": network.loss, "first": network.first_loss}
        seen = self._drifts.get(network.name)
        layer, grown = "", 0.0
        if seen:
            newest, drift = seen[-1]
            since, before = next(((step, old) for step, old in seen if step >= newest - BACK), seen[0])
            layer, grown = network.farthest([new - old for new, old in zip(drift, before, strict=True)])
        if not seen or not layer or grown <= 0:
            return sentence("narration.wakes", now.step, "loss", network=network.name, values=values)
        at = network.layers.index(layer)
        return sentence(
            "narration.wakes_moving", now.step, "shift", network=network.name, layer=layer, values=values,
            layer_name=layer, before=before[at], since=since, drift=drift[at], until=newest,
        )  # fmt: skip

    def _remember(self, network: Network, step: int) -> None:
        """Keep the drifts of the last steps, while they may be wanted."""
        if self._state.get(network.name) == "told" or not network.drift:
            return
        kept = self._drifts.setdefault(network.name, deque(maxlen=4 * BACK))
        if not kept or kept[-1][1] is not network.drift:
            kept.append((step, network.drift))
        while len(kept) > 1 and kept[0][0] < step - 2 * BACK:
            kept.popleft()
