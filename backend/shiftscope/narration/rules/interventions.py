"""What somebody did to a network while it trained, and what moved before and after it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from shiftscope.config import Intervention
from shiftscope.narration.network import Network, Values
from shiftscope.narration.observed import Observed
from shiftscope.narration.rules.changes import loss_of
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.notices import Notice, notice
from shiftscope.wire.messages import EventMessage

AFTER = 100
"""Steps over which it is measured how far something moved, before and after."""
FEWEST = 20
"""Fewer steps before it are no measure of what moved then."""
SPARSE = 4
"""So many frames are kept in any case: a long run records where its layers are every some hundred steps."""
STILL = 0.01
"""In sigma of the start: an input whose centre moved by no more stands still."""
MOST = 10
"""How many are spoken of."""


@dataclass(frozen=True)
class _Seen:
    """Where the layers of a network were at a step."""

    step: int
    drift: Values
    centres: tuple[Values, Values]

    def centre(self, layer: int) -> tuple[float, float]:
        """Where the inputs of a layer lay, in the plane in which they varied most at the start; NaN for unknown."""
        across, up = self.centres
        return (across[layer], up[layer]) if across and up else (math.nan, math.nan)


@dataclass(frozen=True)
class _Done:
    """What was done, and what was seen until then."""

    since: int
    before: Intervention
    now: Intervention
    loss: float
    earlier: _Seen
    last: _Seen


@dataclass
class _Followed:
    """One network: what is done to it, and where it was in the last steps."""

    known: Intervention = field(default_factory=Intervention)
    pending: _Done | None = None
    seen: deque[_Seen] = field(default_factory=lambda: deque(maxlen=4 * AFTER))

    def keep(self, network: Network, step: int) -> None:
        """Add where the network is now, where that is news."""
        found = _Seen(step, network.drift, (network.centroids_x, network.centroids_y))
        last = self.seen[-1] if self.seen else None
        if last is not None and last.drift is found.drift and last.centres[1] is found.centres[1]:
            return
        if last is not None and last.step == step:
            self.seen.pop()
        self.seen.append(found)
        while len(self.seen) > SPARSE and self.seen[0].step < step - 2 * AFTER:
            self.seen.popleft()

    def done(self, since: int, now: Intervention, loss: float) -> _Done | None:
        """Return what was done at a step; None where too little was seen before it."""
        until = [one for one in self.seen if one.step <= since]
        if len(until) < 2:
            return None
        earlier, last = next((one for one in until[:-1] if one.step >= since - AFTER), until[-2]), until[-1]
        return _Done(since, self.known, now, loss, earlier, last) if last.step - earlier.step >= FEWEST else None

    def after(self, since: int) -> tuple[_Seen, _Seen] | None:
        """Return where it was from a step on, at first and some steps later; None while that is yet to come."""
        first = next((one for one in self.seen if one.step >= since), None)
        return None if first is None or self.seen[-1].step < first.step + AFTER else (first, self.seen[-1])


@dataclass
class Interventions:
    """Says what moved, and what became of the loss, before and after something was done to a network."""

    streams = frozenset({"steps", "drift", "input_cloud"})
    _networks: dict[str, _Followed] = field(default_factory=dict)
    _told: int = 0

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence some steps after something was done."""
        for network in now.networks:
            followed = self._networks.setdefault(network.name, _Followed())
            since, wanted = now.interventions.get(network.name, (0, Intervention()))
            if wanted != followed.known and now.step > since:
                followed.pending = followed.done(since, wanted, network.loss)
                followed.known = wanted
            followed.keep(network, now.step)
            done = followed.pending
            after = followed.after(done.since) if done is not None else None
            if done is None or after is None:
                continue
            followed.pending = None
            said = None if network.diverged or self._told >= MOST else _followed(done, after, network, now)
            if said is not None:
                self._told += 1
                yield said


def _followed(done: _Done, after: tuple[_Seen, _Seen], network: Network, now: Observed) -> EventMessage | None:
    frozen = done.now.freeze_below or done.before.freeze_below
    moved = _input_moved(done, after, network, frozen) if _is_freezing(done) and frozen else None
    layer = frozen if moved else ""
    if moved is None:
        layer, moved = _layer_moved(done, after[1], network)
    found = tuple(one for one in (moved, loss_of(network.name, done.loss, network.loss)) if one is not None)
    if not found:
        return None
    view = "target" if _is_freezing(done) and moved else "shift" if moved else "loss"
    return sentence(
        "narration.intervened", now.step, view, network=network.name, layer=layer or "", name=network.name,
        what=tuple(_what(done, network)), since=done.since, found=found,
    )  # fmt: skip


def _is_freezing(done: _Done) -> bool:
    return done.now.freeze_below != done.before.freeze_below


def _what(done: _Done, network: Network) -> Iterator[Notice]:
    """Yield what is done now that was not before."""
    before, now = done.before, done.now
    if _is_freezing(done):
        below = network.layers[: network.layers.index(now.freeze_below)] if now.freeze_below in network.layers else ()
        if not below:
            yield notice("narration.part.released")
        elif len(below) == 1:
            yield notice("narration.part.frozen_one", layer=below[0])
        else:
            yield notice("narration.part.frozen", first=below[0], last=below[-1])
    if now.bn_strength != before.bn_strength:
        yield notice("narration.part.bn_strength", strength=rounded(now.bn_strength))
    if now.freeze_affine != before.freeze_affine:
        yield notice("narration.part.affine_frozen" if now.freeze_affine else "narration.part.affine_released")
    if now.noise != before.noise:
        yield notice("narration.part.noise", std=rounded(now.noise)) if now.noise else notice("narration.part.no_noise")


def _input_moved(done: _Done, after: tuple[_Seen, _Seen], network: Network, layer: str) -> Notice | None:
    """Return how far the centre of a layer's inputs moved, before and after; None where that is not recorded."""
    if layer not in network.layers:
        return None
    at = network.layers.index(layer)
    spans = (done.earlier, done.last), after
    before, since = (math.dist(one.centre(at), other.centre(at)) for one, other in spans)
    if not math.isfinite(before + since):
        return None
    return notice(
        "narration.part.input_still" if since <= STILL else "narration.part.input_moved", layer=layer,
        moved=rounded(since), steps=after[1].step - after[0].step, before=rounded(before),
        before_steps=done.last.step - done.earlier.step,
    )  # fmt: skip


def _layer_moved(done: _Done, after: _Seen, network: Network) -> tuple[str, Notice | None]:
    """Return the hidden layer whose drift changed most since, and how, before and after."""
    earlier, last, newest = (seen.drift for seen in (done.earlier, done.last, after))
    if not (earlier and last and newest):
        return "", None
    layer, _ = network.farthest([abs(new - old) for new, old in zip(newest, last, strict=True)])
    if not layer:
        return "", None
    at = network.layers.index(layer)
    if earlier[at] == last[at] == newest[at] == 0:  # it never moved: nothing to be compared
        return "", None
    return layer, notice(
        "narration.part.layer_moved", layer=layer, drift=rounded(newest[at]), last=rounded(last[at]),
        steps=after.step - done.last.step, before=rounded(earlier[at]), before_steps=done.last.step - done.earlier.step,
    )  # fmt: skip
