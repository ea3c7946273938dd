"""Adds the narrator's sentences to what a training emits, in the sink's thread: the training waits for none of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

from shiftscope.config import Intervention
from shiftscope.narration.narrator import Narrator
from shiftscope.narration.state import NarratorStateError, frozen, thawed
from shiftscope.sinks.outbox import Item
from shiftscope.wire.assignment import Applied
from shiftscope.wire.frames import Frame
from shiftscope.wire.messages import Begin, End, EventMessage

logger = logging.getLogger(__name__)


class Narration:
    """The sentences of one run; they stand behind the frame after which they are true. Belongs to one thread.

    Args:
        state: of the narration that this one goes on from; this one begins anew where that is none of this version.
        exact: whether events say since when something is done to networks, so that commands need not.
    """

    def __init__(self, state: bytes = b"", *, exact: bool = False) -> None:
        self._narrator = _thawed(state) if state else None
        self._exact = exact
        self._early: list[Applied] = []

    def intervened(self, networks: Mapping[str, Intervention], step: int) -> None:
        """Note what is done to networks from a step on."""
        if self._narrator is not None and not self._exact:
            self._narrator.intervened(networks, step)

    @property
    def state(self) -> bytes:
        """Where the narrator is; empty before the run has begun."""
        return frozen(self._narrator) if self._narrator is not None else b""

    def added_to(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and the sentences that they give rise to."""
        for item in items:
            if isinstance(item, End):
                yield from self._said(item)
                yield item
            else:
                yield item
                yield from self._said(item)

    def _said(self, item: Item) -> list[Item]:
        try:
            match item:
                case Begin():
                    self._narrator = self._narrator or Narrator(item.header)
                    for applied in self._early:
                        self._narrator.intervened(applied.networks, applied.step)
                    self._early.clear()
                case EventMessage(kind="layouts") if self._narrator is not None:
                    self._narrator.revise(item.value)
                case EventMessage(kind="applied"):
                    applied = Applied.model_validate(item.value)
                    if self._narrator is None:
                        self._early.append(applied)
                    else:
                        self._narrator.intervened(applied.networks, applied.step)
                case EventMessage(kind="diverged") if self._narrator is not None:
                    self._narrator.lost(item.network)
                case bytes() if self._narrator is not None:
                    return [*self._narrator.observe(Frame.parse(item))]
                case End() if self._narrator is not None:
                    return [*self._narrator.end()]
        except Exception:
            # What is measured is kept, whatever the narrator makes of it.
            logger.exception("nothing more is narrated of this run")
            self._narrator = None
        return []


def _thawed(state: bytes) -> Narrator | None:
    try:
        return thawed(state)
    except NarratorStateError as error:
        logger.warning("the narrator begins anew: %s", error)
        return None
