"""The streams of a run."""

from __future__ import annotations

from enum import IntEnum


class Stream(IntEnum):
    """Streams, by number: quantities that share a schedule."""

    STEPS = 0
    LAYERS = 1
    EVALUATION = 2
    DRIFT = 3
    GRADIENT_SHIFT = 4
    SAMPLING_SHIFT = 5
    LANDSCAPE = 6
    COST = 7
    CHANNELS = 8

    @property
    def title(self) -> str:
        """The layout's name."""
        return self.name.lower()


PASSING = frozenset({Stream.STEPS, Stream.LAYERS, Stream.CHANNELS})
"""Streams that are filled as a training step passes by."""
