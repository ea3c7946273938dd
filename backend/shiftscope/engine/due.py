"""What is measured at one step."""

from __future__ import annotations

from dataclasses import dataclass

NO_STREAMS: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Due:
    """The streams that are due at a step. The scheduler makes one for each combination there is.

    Attributes:
        streams: their names.
        passing: whether something is measured as the training step passes by.
        studying: whether a study runs the networks.
        cost: whether what is measured in passing is timed piece by piece.
    """

    streams: frozenset[str] = NO_STREAMS
    passing: bool = False
    studying: bool = False
    cost: bool = False

    def __bool__(self) -> bool:
        return bool(self.streams)


NOTHING = Due()
"""No stream is due."""
