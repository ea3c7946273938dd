"""What a server has not acknowledged yet: in memory up to a bound, and beyond that in a spool file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from shiftscope.notices import NoticeError
from shiftscope.sinks.numbering import Numbering
from shiftscope.sinks.outbox import Item
from shiftscope.sinks.spool import Spool
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import Begin, End, EventMessage

MEMORY_BYTES = 16 << 20
SPOOL_BYTES = 1 << 30
EVENTS = 10_000
"""Most events that are kept for a server; a script that notes more of them is not heard."""


class Backlog:
    """The frames, events and the end of a run that are not acknowledged; belongs to one thread.

    Frames up to `spool.last` lie in the spool, those after it in memory.

    Attributes:
        header: what the frames hold; None before the first.
        events_before: how many events were acknowledged and let go: the number of the first in `events`.
        events: those after them.
        end: how the run ended; None while it goes on.
        step: how many updates were made.
        acknowledged: seq up to which the server has all.
        spooling: whether what comes goes to the spool at once.
        spool: the file, where there is one.
        fault: why there can be no spool, or no more of it.
        dropped: how many frames found no room.
    """

    def __init__(
        self,
        new_spool: Callable[[int], Spool],
        memory_bytes: int = MEMORY_BYTES,
        spool_bytes: int = SPOOL_BYTES,
    ) -> None:
        self.header: RunHeader | None = None
        self.events_before = 0
        self.events: list[EventMessage] = []
        self.end: End | None = None
        self.step = 0
        self.acknowledged = 0
        self.spooling = False
        self.spool: Spool | None = None
        self.fault = ""
        self.dropped = 0
        self._numbering = Numbering()
        self._memory: list[Frame] = []
        self._size = 0
        self._events_spooled = 0
        self._new_spool = new_spool
        self._memory_bytes = memory_bytes
        self._spool_bytes = spool_bytes

    @classmethod
    def of(cls, spool: Spool) -> Self:
        """Return what a spool file holds, or any recording. Raises RecordingError."""
        backlog = cls(lambda _: spool, spool_bytes=0)
        backlog.spool, backlog.header = spool, spool.header
        backlog.events_before = spool.destination.events if spool.destination else 0
        backlog.events = spool.events()
        backlog.end, backlog.step = spool.ended()
        backlog._events_spooled = backlog.events_before + len(backlog.events)
        backlog._numbering.seq = spool.last
        return backlog

    def follow(self, seq: int, events: int, last: tuple[int, int] | None) -> None:
        """Go on in a run of which the server has so much from another producer: see `Numbering.follow`."""
        self.acknowledged, self.events_before = seq, events
        self._numbering.follow(seq, last)

    @property
    def last(self) -> int:
        """Seq of the newest frame."""
        return self._numbering.seq

    @property
    def waiting(self) -> bool:
        """Whether a frame or an event is not acknowledged."""
        return self.last > self.acknowledged or bool(self.events)

    def add(self, item: Item, refused: int = 0) -> None:
        """Add what the training emitted. `refused` frames found no room on the way here so far."""
        match item:
            case bytes() if not self._numbering.known(item):
                self._add_frame(item)
            case Begin():
                self.header = item.header
            case EventMessage() if len(self.events) < EVENTS:
                self.events.append(item)
            case End():
                if gap := self._numbering.gap_at_end(refused + self.dropped, self.step):
                    self.events.append(EventMessage.saying(gap.notice, kind="note", step=gap.before))
                self.end = item

    def acknowledge(self, seq: int, events: int) -> None:
        """Let go of what the server keeps."""
        self.acknowledged = max(self.acknowledged, seq)
        if self.spool is not None:
            # What the spool lacks is written there should the connection break again: its numbers have no gap.
            events = min(events, self._events_spooled)
        gone = min(max(0, events - self.events_before), len(self.events))
        del self.events[:gone]
        self.events_before += gone
        first = self._memory[0].seq if self._memory else 0
        taken = self._memory[: max(0, seq - first + 1)] if first else []
        self._size -= sum(len(frame.data) for frame in taken)
        del self._memory[: len(taken)]
        if self.spool is not None and not self.spooling and self.acknowledged >= self.spool.last:
            self.forget()

    def after(self, seq: int, most_bytes: int) -> list[Frame]:
        """Return the frames after a seq, as many as fit, and at least one if there is one. Raises RecordingError."""
        if self.spool is not None and seq < self.spool.last:
            return self.spool.read(seq, most_bytes)
        frames: list[Frame] = []
        if self._memory:
            for frame in self._memory[max(0, seq + 1 - self._memory[0].seq) :]:
                most_bytes -= len(frame.data)
                if most_bytes < 0 and frames:
                    break
                frames.append(frame)
        return frames

    def spill(self, *, always: bool = False) -> None:
        """Move what is in memory to the spool, if anything is; where it takes no more it stays: see `fault`."""
        written = self._events_spooled if self.spool is not None else self.events_before
        if not always and not self._memory and written >= self.events_before + len(self.events):
            return
        if self.fault or (self.spool is not None and self.spool.size + self._size > self._spool_bytes):
            return
        try:
            if self.spool is None:
                self.spool = self._new_spool(self.events_before)
                self._events_spooled = self.events_before
            new = self.events[self._events_spooled - self.events_before :]
            self.spool.write(self.header, new, ())
            self._events_spooled += len(new)
            self.spool.write(None, (), self._memory)
        except (NoticeError, OSError) as error:
            self.fault = str(error)
            return
        self._memory.clear()
        self._size = 0

    def put_aside(self) -> None:
        """Write all that is left into the spool, and close it: the process ends."""
        self.spill(always=True)
        if self.spool is not None:
            try:
                if self.end is not None:
                    self.spool.end(self.end, self.step)
            except NoticeError as error:
                self.fault = self.fault or str(error)
            self.spool.close()

    def forget(self) -> None:
        """Remove the spool: nothing of it is wanted any more."""
        if self.spool is not None:
            self.spool.discard()
            self.spool, self.fault = None, ""

    def _add_frame(self, data: bytes) -> None:
        if self._size + len(data) > self._memory_bytes:
            self.spill()
        if self._size + len(data) > self._memory_bytes and self._memory:
            self.dropped += 1
            return
        frame, gap = self._numbering.keep(data)
        if gap:
            self.events.append(EventMessage.saying(gap.notice, kind="note", step=gap.before))
        self._memory.append(frame)
        self._size += len(data)
