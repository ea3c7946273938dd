"""Adds the narrator's sentences to what a training emits, in the sink's thread: the training waits for none of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

from shiftscope.config import Intervention
from shiftscope.narration.narrator import Narrator
from shiftscope.sinks.outbox import Item
from shiftscope.wire.frames import Frame
from shiftscope.wire.messages import Begin, End

logger = logging.getLogger(__name__)


class Narration:
    """The sentences of one run; they stand behind the frame after which they are true. Belongs to one thread."""

    def __init__(self) -> None:
        self._narrator: Narrator | None = None

    def intervened(self, networks: Mapping[str, Intervention], step: int) -> None:
        """Note what is done to networks from a step on."""
        if self._narrator is not None:
            self._narrator.intervened(networks, step)

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
                    self._narrator = Narrator(item.header)
                case bytes() if self._narrator is not None:
                    return [*self._narrator.observe(Frame.parse(item))]
                case End() if self._narrator is not None:
                    return [*self._narrator.end()]
        except Exception:
            # What is measured is kept, whatever the narrator makes of it.
            logger.exception("nothing more is narrated of this run")
            self._narrator = None
        return []
