"""A sink that sends frames to a server, over its ingest socket, and keeps them where there is none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from typing_extensions import override

from shiftscope.narration.sentence import KIND
from shiftscope.notices import Notice, NoticeError
from shiftscope.recording.documents import Destination
from shiftscope.sinks.backlog import MEMORY_BYTES, SPOOL_BYTES, Backlog
from shiftscope.sinks.base import BATCH_SECONDS, SinkError
from shiftscope.sinks.link import Link, Refused
from shiftscope.sinks.mark import Mark
from shiftscope.sinks.narration import Narration
from shiftscope.sinks.older import taken_by
from shiftscope.sinks.outbox import Item
from shiftscope.sinks.queued import QUEUE_BYTES, Closing, QueuedSink
from shiftscope.sinks.spool import Spool
from shiftscope.sinks.uplink import TICK_SECONDS, Deadlines, OnCommand, Uplink
from shiftscope.telling import tell
from shiftscope.wire.messages import Command, Hello, PreparingMessage, Welcome


@dataclass(frozen=True)
class Limits:
    """How much is kept, in bytes, and how long is waited.

    Attributes:
        queue: that the sink's thread has not got yet.
        memory: that the server has not acknowledged.
        spool: of that, in a file.
        folders: where that file is made; by default beside the recordings.
        deadlines: for the server.
        closing: for the end.
    """

    queue: int = QUEUE_BYTES
    memory: int = MEMORY_BYTES
    spool: int = SPOOL_BYTES
    folders: tuple[Path, ...] = ()
    deadlines: Deadlines = field(default_factory=Deadlines)
    closing: Closing = field(default_factory=Closing)


SPOOL_SECONDS = 0.25
"""How long frames are gathered for a server that does not take them."""


class SocketSink(QueuedSink):
    """Speaks the producer's side of docs/protocol.md.

    A thread of its own sends, receives (commands, acknowledgements) and connects anew; what the server has not
    acknowledged is kept, in memory and then in a spool file. See Sink.
    """

    def __init__(
        self, url: str, link: Link, welcome: Welcome, *, name: str, limits: Limits, on_command: OnCommand | None,
        narration: Narration | None = None,
    ) -> None:  # fmt: skip
        super().__init__(limits.queue, limits.closing)
        self.run = welcome.run
        self.token = welcome.token
        self._url, self._name, self._limits = url, name, limits
        backlog = Backlog(self._new_spool, limits.memory, limits.spool)
        if welcome.after or welcome.events:
            backlog.follow(welcome.after, welcome.events, welcome.last)
        hello = Hello(run=welcome.run, token=welcome.token)
        self._on_command = on_command
        self._uplink = Uplink(url, hello, backlog, limits.deadlines, self._commanded)
        self._uplink.welcome(link, welcome)
        # An older server knows no such events, and would refuse the run.
        self._narration = (narration or Narration()) if KIND in welcome.kinds else None
        self._marks: list[Mark] = []
        self._kinds = frozenset(welcome.kinds)
        self._taken = 0.0
        self._hurried = self._leaving = self._told = False
        self._left = ""
        threading.Thread(target=self._carry, name="shiftscope-send", daemon=True).start()

    @classmethod
    def connect(  # noqa: PLR0913  all but the first are keywords
        cls,
        url: str,
        *,
        name: str = "",
        run: str = "",
        token: str = "",
        admission: str = "",
        on_command: OnCommand | None = None,
        limits: Limits | None = None,
        narration: Narration | None = None,
    ) -> Self:
        """Connect to the server at `url` (http or ws) as a launched worker (`run`, `token`) or a new run (`name`).

        `admission` is the token of a shared server's control link, which a new run needs. Of a run of which the server
        has frames already, those are not sent again that it has. `narration` is what goes on with the run.

        Raises:
            SinkError: nobody answers there, or the server refuses.
        """
        limits = limits or Limits()
        hello = Hello(run=run, token=token) if run else Hello(name=name)
        try:
            link, welcome = Link.dial(url, hello, limits.deadlines.dial, admission)
        except Refused as error:
            raise SinkError(f"{url} refused: {error}") from error
        return cls(url, link, welcome, name=name, limits=limits, on_command=on_command, narration=narration)

    @property
    def page(self) -> str:
        """The address of the run's page."""
        return f"{self._url.rstrip('/')}/?run={self.run}"

    @property
    def acknowledged(self) -> int:
        """Seq up to which the server keeps all."""
        return self._uplink.backlog.acknowledged

    def preparing(self, message: Notice | str, fraction: float | None = None) -> None:
        """Report what the run waits for."""
        self._uplink.preparing = PreparingMessage.saying(message, fraction=fraction)
        self._wake()
        self._report()

    def mark(self, mark: Mark) -> None:
        """Let it be known of a place, after what was emitted so far, when the server has all that lies before it."""
        self._put(mark)

    @property
    @override
    def _patience(self) -> float:
        return self._closing.still / (2 if self._uplink.hopeless else 1)

    @override
    def _wake(self) -> None:
        self._uplink.bell.ring()

    @override
    def _hurry(self) -> None:
        self._hurried = True
        self._uplink.bell.ring()

    @override
    def _leave(self) -> None:
        self._leaving = True
        self._uplink.bell.ring()

    @override
    def _after_end(self) -> None:
        if self._left:
            tell(self._left)
        elif not self._ended.is_set():
            raise SinkError(f"the end of the run could not be sent to {self._url}, and the disk does not answer")

    def _carry(self) -> None:
        uplink = self._uplink
        try:
            while not (self._leaving or uplink.ended or (uplink.refusal and uplink.backlog.end)):
                uplink.turn(self._take())
                self._kept = uplink.kept
                self._pass_marks()
                self._tell()
            self._conclude()
        except Exception as error:  # noqa: BLE001  the boundary of the thread: the training thread reports it
            self._error = error if isinstance(error, NoticeError) else SinkError(f"{type(error).__name__}: {error}")
        finally:
            uplink.leave()
            self._ended.set()

    def _take(self) -> float:
        """Move what the training emitted into the backlog, unless it came just now: then return for how long it may."""
        backlog, now = self._uplink.backlog, time.monotonic()
        backlog.step = self._step
        wait = TICK_SECONDS
        if self._outbox.waiting:
            # A file takes many frames for little more than one, and nobody looks at them meanwhile.
            wait = (SPOOL_SECONDS if self._uplink.hopeless else BATCH_SECONDS) - (now - self._taken)
            if self._hurried or wait <= 0:
                self._hurried, self._taken, wait = False, now, TICK_SECONDS
                for item in self._emitted():
                    self._add(item)
        if backlog.spooling:
            backlog.spill()
        return wait

    def _tell(self) -> None:
        """Print where what is measured goes, when that changes; warn, once, when it goes nowhere."""
        backlog = self._uplink.backlog
        if backlog.dropped and not self._cautioned:
            why = backlog.fault or f"{self._spool_path} holds all that it may"
            self._cautions.append(f"{self._url} does not answer, and frames are dropped: {why}")
        if backlog.spool is not None and not self._told:
            self._told = True
            why = self._uplink.refusal or self._uplink.trouble or "it does not answer"
            until = "" if self._uplink.refusal else " until it is back"
            tell(f"no connection to {self._url} ({why}): what is measured goes to {self._spool_path}{until}")
        if self._told and backlog.spool is None:
            self._told = False
            tell(f"{self._url} is back, and has got what was measured meanwhile")

    @property
    def _spool_path(self) -> str:
        spool = self._uplink.backlog.spool
        return str(spool.path) if spool else "the memory"

    def _conclude(self) -> None:
        """Let go of what the server has, or put aside what it has not."""
        uplink = self._uplink
        backlog = uplink.backlog
        if uplink.ended:
            backlog.forget()
            if uplink.refusal:
                self._error = SinkError(f"{self._url}: {uplink.refusal}")
            return
        self._take_rest()
        missing = backlog.last - backlog.acknowledged
        backlog.put_aside()
        why = uplink.refusal or uplink.trouble or "it does not answer"
        if backlog.spool is None or backlog.fault:
            self._error = SinkError(
                f"the end of the run could not be sent to {self._url} ({why}), nor be kept: {backlog.fault}"
            )
            return
        path = backlog.spool.path
        self._left = (
            f"the last {missing:,} frames and the end of the run could not be sent to {self._url} ({why}). "
            f"They are in {path}: `shiftscope sync {path}` sends them"
        )

    def _commanded(self, command: Command) -> None:
        """Take what the server wants done, in the sink's thread."""
        if self._on_command is not None:
            self._on_command(command)
        if self._narration is not None and command.networks:
            # It is taken up at the latest after the update that is being made now.
            self._narration.intervened(command.networks, self._step + 1)

    def _take_rest(self) -> None:
        backlog = self._uplink.backlog
        backlog.step = self._step
        for item in self._emitted():
            self._add(item)

    def _add(self, item: Item) -> None:
        backlog = self._uplink.backlog
        if not isinstance(item, Mark):
            backlog.add(item, self._outbox.frames_refused)
            return
        item.seq, item.events = backlog.last, backlog.events_before + len(backlog.events)
        item.narrator = self._narration.state if self._narration is not None else b""
        item.reached.set()
        self._marks.append(item)

    def _pass_marks(self) -> None:
        backlog = self._uplink.backlog
        for mark in [one for one in self._marks if one.seq <= backlog.acknowledged]:
            if mark.events <= backlog.events_before:
                self._marks.remove(mark)
                mark.kept.set()

    def _emitted(self) -> Iterable[Item]:
        items: Iterable[Item] = self._outbox.take()
        if "layouts" not in self._kinds:  # an older server's
            items = taken_by(self._kinds, items)
        return items if self._narration is None else self._narration.added_to(items)

    def _new_spool(self, events: int) -> Spool:
        address = Destination(url=self._url, run=self.run, token=self.token, events=events)
        return Spool.create(address, self._name, self._limits.folders)
