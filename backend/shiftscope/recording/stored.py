"""The frames of a recording, however its format stores them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterator, Mapping

from shiftscope.wire.frames import Frame


class StoredFrames(ABC):
    """Reads the frames of one file. Each method raises RecordingError where the file is damaged."""

    @abstractmethod
    def last_seq(self) -> int:
        """Return the seq of the newest frame; 0 when there is none."""

    @abstractmethod
    def first_seq(self) -> int:
        """Return the seq of the oldest frame; 0 when there is none."""

    @abstractmethod
    def between(self, after: int, upto: int, stride: int = 1) -> Generator[Frame]:
        """Yield the frames with after < seq <= upto in order, each `stride`-th only."""

    @abstractmethod
    def outline(self, after: int, upto: int, every: int) -> list[Frame]:
        """Return of each stream the first and every `every`-th frame after it with after < seq <= upto, in order."""

    @abstractmethod
    def steps(self, numbers: Collection[int]) -> Iterator[int]:
        """Yield the step of each frame of the layouts with these numbers, in the order of their seqs."""

    @abstractmethod
    def slices(self, places: Mapping[int, slice]) -> Iterator[bytes]:
        """Yield, of each frame of the layouts with these numbers, the bytes at a place, in the order of their seqs."""
