"""The training thread's end of a sink: it adds to a queue, and a thread of the sink's own carries that on."""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass

from pydantic import JsonValue
from typing_extensions import override

from shiftscope.notices import Notice, NoticeError, as_notice
from shiftscope.sinks.base import Sink
from shiftscope.sinks.outbox import Item, Outbox
from shiftscope.telling import caution
from shiftscope.wire.frames import RunHeader
from shiftscope.wire.messages import Begin, End, EndState, EventKind, EventMessage

QUEUE_BYTES = 32 << 20
"""What may wait for the sink's thread. It is only behind when a disk hangs, or the machine has no time for it."""


@dataclass(frozen=True)
class Closing:
    """How long the end of a run may take, in seconds.

    Attributes:
        still: without a sign that anything is kept.
        all: although there are such signs.
        leave: then, to put aside what is left.
    """

    still: float = 1.0
    all: float = 10.0
    leave: float = 0.4


class QueuedSink(Sink, ABC):
    """A sink whose calls return at once, whatever becomes of the disk or the server. See Sink.

    In a process that was forked off, a data loader's worker say, the calls do nothing: the run is the parent's.
    """

    def __init__(self, queue_bytes: int = QUEUE_BYTES, closing: Closing | None = None) -> None:
        self._process = os.getpid()
        self._outbox = Outbox(queue_bytes, self._wake)
        self._closing = closing or Closing()
        self._error: NoticeError | None = None
        self._cautions: deque[str] = deque()
        self._cautioned = False
        self._ended = threading.Event()
        self._kept = 0
        """Counts, in the sink's thread, the signs that something is kept."""
        self._step = 0

    @abstractmethod
    def _wake(self) -> None:
        """Wake the sink's thread: something is in the queue. Called in the training thread; returns at once."""

    @abstractmethod
    def _hurry(self) -> None:
        """Wake the sink's thread, and let it wait for nothing more."""

    @abstractmethod
    def _leave(self) -> None:
        """Let the sink's thread put aside what it has: the process ends."""

    @override
    def begin(self, header: RunHeader) -> None:
        self._put(Begin(header=header))

    @override
    def frame(self, data: bytes) -> None:
        if os.getpid() != self._process:
            return
        if not self._outbox.put(data) and not self._cautioned:
            self._cautions.append("what is measured comes faster than it can be kept: frames are dropped")
        if self._error or self._cautions:
            self._report()

    @override
    def progress(self, step: int) -> None:
        self._step = step
        if (self._error or self._cautions) and os.getpid() == self._process:
            self._report()

    @override
    def event(
        self,
        kind: EventKind,
        step: int,
        message: Notice | str,
        *,
        network: str = "",
        layer: str = "",
        value: JsonValue = None,
    ) -> None:
        self._put(EventMessage.saying(message, kind=kind, step=step, network=network, layer=layer, value=value))

    @override
    def flush(self) -> None:
        if os.getpid() == self._process:
            self._hurry()

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        if os.getpid() != self._process:
            return
        said = as_notice(reason)
        self._outbox.put(End(state=state, reason=said.text, code=said.code, values=said.values))
        self._hurry()
        if not self._await_end():
            self._leave()
            self._ended.wait(self._closing.leave)
        self._report()
        self._after_end()

    @property
    def _patience(self) -> float:
        """How long to wait at the end for a sign that anything is kept, in seconds."""
        return self._closing.still

    def _after_end(self) -> None:
        """Say what became of the run, where there is something to say. Raises SinkError, RecordingError."""

    def _put(self, item: Item) -> None:
        if os.getpid() == self._process:
            self._outbox.put(item)
            self._report()

    def _report(self) -> None:
        """Pass on, in the training thread, what the sink's thread met with."""
        if self._cautions and not self._cautioned:
            self._cautioned = True
            caution(self._cautions[0])
        self._cautions.clear()
        if self._error is not None:
            raise self._error

    def _await_end(self) -> bool:
        """Return whether all is kept: wait as long as there are signs that something is, but not for ever."""
        deadline = time.monotonic() + self._closing.all
        while not self._ended.is_set():
            kept = self._kept
            if not self._ended.wait(min(self._patience, max(0.0, deadline - time.monotonic()))) and (
                kept == self._kept or time.monotonic() >= deadline
            ):
                return False
        return True
