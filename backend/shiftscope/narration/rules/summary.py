"""The last sentence: where each network stands when the run ends."""

from __future__ import annotations

import math
from collections.abc import Iterator

from shiftscope.narration.network import Network
from shiftscope.narration.observed import Observed
from shiftscope.narration.rules.silence import quiet_layer
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.notices import Notice, notice
from shiftscope.wire.messages import EventMessage

_SILENT = {"units": "narration.part.silent_units", "values": "narration.part.silent_values"}


def summary(now: Observed) -> Iterator[EventMessage]:
    """Yield one sentence: each network's loss and accuracy, a dead layer, the hidden one that moved farthest."""
    moved = [network.name for network in now.networks if _moved(network, now)]
    parts = {one.name: tuple(_parts(one, now, first=one.name in moved[:1])) for one in now.networks}
    found = tuple(notice("narration.part.network", name=name, found=said) for name, said in parts.items() if said)
    if found:
        yield sentence("narration.end", now.step, "shift" if moved else "loss", found=found)


def _moved(network: Network, now: Observed) -> bool:
    """Whether it is told that a hidden layer moved: none did where nothing was ever updated."""
    return network.farthest()[1] > 0 and not _diverged(network, now)


def _diverged(network: Network, now: Observed) -> bool:
    return network.diverged or network.name in now.lost


def _parts(network: Network, now: Observed, *, first: bool) -> Iterator[Notice]:
    """Yield what is said of a network; the first whose layers moved says how that is measured, for all."""
    if _diverged(network, now):
        yield notice("narration.part.diverged")
        return
    if math.isfinite(network.loss):
        yield notice("narration.part.loss", loss=rounded(network.loss))
    if math.isfinite(network.accuracy):
        yield _accuracy(network, now.step)
    dead, code, part = quiet_layer(network)
    if dead:
        yield notice(_SILENT[code], layer=dead, percent=rounded(100 * part))
    if network.stopped:
        yield notice("narration.part.stopped")
    if _moved(network, now):
        layer, drift = network.farthest()
        code = "narration.part.moved_since" if first else "narration.part.moved"
        yield notice(code, layer=layer, drift=rounded(drift))
        if math.isfinite(network.drift[-1]):
            yield notice("narration.part.output_moved", drift=rounded(network.drift[-1]))


def _accuracy(network: Network, step: int) -> Notice:
    """Return the accuracy, with its step where that is not the end: a run may stop long after its last evaluation."""
    percent = rounded(100 * network.accuracy)
    if network.evaluated >= step:
        return notice("narration.part.accuracy", percent=percent)
    return notice("narration.part.accuracy_at", percent=percent, step=network.evaluated)
