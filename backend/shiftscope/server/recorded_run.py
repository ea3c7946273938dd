"""What is known of a run from its recording: read from there, or folded event by event as it is written."""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self, get_args

from pydantic import JsonValue

from shiftscope.config import RunConfig
from shiftscope.notices import Notice, notice
from shiftscope.recording.database import beside
from shiftscope.recording.documents import (
    SUFFIX,
    Admission,
    Event,
    ForkedFrom,
    RecordingError,
    RunInfo,
    StartedBy,
    TrialPart,
)
from shiftscope.recording.folder import CHECKPOINTS
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.recording.writer import RecordingWriter, settle
from shiftscope.server.attempts import Attempts, read_tokens
from shiftscope.server.damage import noting, unreadable, without_path
from shiftscope.server.links import Links
from shiftscope.server.producer import new_admission
from shiftscope.server.run_state import RunState, RunStatus
from shiftscope.server.signal import Signal
from shiftscope.wire.frames import RunHeader
from shiftscope.wire.header_json import header_json
from shiftscope.wire.messages import EventKind, Preparing, Revision

logger = logging.getLogger(__name__)

OF_PRODUCER = frozenset(get_args(EventKind))
"""The kinds of the events that come from a producer: those that it must send again until they are acknowledged."""


class RecordedRun:
    """One run as its recording has it, and where that lies. Nothing here waits: `Run` does things to it."""

    waiting: bool = False
    """Whether it has begun, and goes on when there is a place for it."""

    def __init__(self, path: Path, info: RunInfo, writer: RecordingWriter | None) -> None:
        self.path = path
        self.info = info
        self.id = info.id
        self.status = replace(RunStatus.of(info), entered=time.monotonic())
        self.attempts = Attempts()
        self.events_received = 0
        self.signal = Signal()
        self.events: list[Event] = []
        self.narrated: Sequence[Event] | None = None
        """What was narrated of a recording that holds no sentences; None before anybody looked at it."""
        self.header: RunHeader | None = None
        self.frame_bytes: dict[int, int] = {}
        self._header_text: tuple[RunHeader | None, str] | None = None
        self.preparing: Preparing | None = None
        self.place: int | None = None
        """Its place in the queue, from 1; None outside of it."""
        self.seq = 0
        self.last: tuple[int, int] | None = None
        """Stream and step of the newest frame."""
        self.absent_since: float | None = None
        """Since when there is no connection to what trains it, by time.monotonic(); None while there is one."""
        self._status_lock = threading.Lock()
        """Held while the status becomes another: a viewer's thread may find the file damaged at the same time."""
        self.damage: Notice | None = None
        """Why not all of the file can be read; None where it can."""
        self.incomplete: Notice | None = None
        """What may lack of a file that was copied while it was written; None of any other."""
        self.copy_of: str | None = None
        """The id that another file has, too, whose name it is; None of any other."""
        self._writer = writer

    @classmethod
    def create(  # noqa: PLR0913, PLR0917  all that a run is made of
        cls, folder: Path, name: Notice | str, source: str, config: RunConfig | None,
        trial: TrialPart | None = None, forked: ForkedFrom | None = None, by: StartedBy | None = None,
        after: float = 0.0,
    ) -> Self:  # fmt: skip
        """Make a run and its recording. Raises RecordingError when the file cannot be written.

        `after` is the place of the newest run that there is: this one comes after it, whatever the clock says.
        """
        created = time.time()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(created))
        run_id = f"{stamp}-{secrets.token_hex(3)}"
        title = name if isinstance(name, Notice) else None
        info = RunInfo(
            id=run_id, name=str(name), title=title, source=source, created=created, config=config, trial=trial,
            forked=forked, started_by=by, order=max(created, math.nextafter(after, math.inf)),
        )  # fmt: skip
        path = folder / f"{info.id}{SUFFIX}"
        return cls(path, info, RecordingWriter.create(path, info))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a run from its recording, as far as that is whole: `damage` says what is not.

        One that was under way when its server ended waits for its script to come back; where none can, it is
        interrupted.

        Raises:
            FileNotFoundError: there is no such file.
        """
        run: Self | None = None
        try:
            with open_recording(path) as recording:
                run = cls(path, recording.info, None)
                run._fold(recording)
        except RecordingError as error:
            run = run or cls(path, unreadable(path), None)
            run.find_damaged(error)
        except OSError:
            raise
        except Exception as error:
            # The boundary of a file: whatever is wrong with it is the fault of nothing else.
            logger.exception("%s", path)
            run = run or cls(path, unreadable(path), None)
            run.find_damaged(RecordingError(notice("recording.not_read", path=str(path), error=str(error)[:200])))
        if run.damage is not None:
            return run
        if not run.state.ended:
            run._settle_after_restart()
        elif beside(path)[0].exists():
            settle(path)  # its server was killed before it had closed the file
        return run

    def find_damaged(self, error: RecordingError) -> None:
        """Take note that the file is not whole. Nothing goes on in such a run, and nothing is added to it."""
        self.damage = without_path(error.notice, self.path)
        broken = RunState.INTERRUPTED
        self._become(lambda now: now if now.state.ended else replace(now, state=broken, reason=self.damage))
        self.signal.notify()

    def _settle_after_restart(self) -> None:
        """Find out what the state of a run is whose server ended while it was under way."""
        if self.goes_on_waiting:
            return
        if self.goes_on:
            if self.status.absence is not None:
                return
            event = self._event("connection", notice("absence.goes_on"), value="lost")
        elif self.info.source != "script" or (self.admission is None and settle(self.path)):
            reason = notice("end.server_ended", state=self.state.word, step=self.status.step)
            event = self._event("state", reason, value=RunState.INTERRUPTED.value)
        elif self.admission is None:
            # Somebody has it open: a script that writes a file of its own, to which nothing may be added.
            self._apply(self._event("connection", notice("absence.file"), value="lost"))
            return
        elif self.status.absence is None:
            event = self._event("connection", notice("absence.server_ended"), value="lost")
        else:
            return
        self._apply(event)
        try:
            self._log(event)
        except (RecordingError, OSError) as error:
            # So it is, whether it can be written or not; the next start finds the same out again.
            logger.warning("run %s is %s, which its recording does not say: %s", self.id, event.value, error)

    def _fold(self, recording: Recording) -> None:
        """Read what is in the file; raises RecordingError at last where some of it is not whole."""
        errors: list[RecordingError] = []
        with noting(errors):
            for event in recording.journal():
                self._apply(event)
        with noting(errors):
            if (first := recording.admission) is not None:
                self.attempts.add(first)
        if self.admission is not None and self.goes_on_again:
            again = any(event.kind == "restarted" for event in self.events)
            self.attempts.recall(read_tokens(self.token_file), again=again)
        with noting(errors):
            self._set_header(recording.header)
        with noting(errors):
            self.seq = recording.last_seq
            for frame in recording.read(self.seq - 1) if self.seq else ():
                self.status = self.status.reach(frame.step)
                self.last = frame.stream, frame.step
        # How long it has trained meanwhile the other process' clock does not say: what the dates say has to do.
        more = self.status.elapsed(time.time()) - self.status.trained
        self._become(lambda status: replace(status, entered=status.entered - more))
        self.incomplete = recording.incomplete if not errors and self.state.ended else None
        if errors:
            raise errors[0]

    def new_token(self) -> str:
        """Return a token that admits a producer to this run, to which none before it admits from now on.

        The recording keeps the hash of the first one. Raises RecordingError.
        """
        token, admission = new_admission()
        if self.admission is None and self._writer is not None:
            self._writer.admit(admission)
        self.attempts.add(admission)
        return token

    @property
    def admission(self) -> Admission | None:
        """What is kept of the token that admits to this run; None while there was none."""
        return self.attempts.newest

    def admits(self, token: str) -> bool:
        """Whether a token is this run's."""
        return self.attempts.admit(token)

    def has_replaced(self, token: str) -> bool:
        """Whether a token is that of a worker with whose work another one has gone on."""
        return self.attempts.replaced(token)

    def goes_on_with(self, links: Links) -> bool:
        """Whether its secret admits where the server has these links: that of a script is no older than they are.

        A worker's secret never left the server; a run that began before the server was shared had no link.
        """
        by = self.info.started_by
        return self.info.source != "script" or by is None or by.links in {"", links.id}

    @property
    def goes_on_waiting(self) -> bool:
        """Whether a run that waited for its turn can wait on in another server: with all that it begins from."""
        waits = self.state is RunState.QUEUED and self.info.source == "worker" and self.info.config is not None
        waits = waits and self.admission is None  # else somebody was told already to train it, and may come
        itself = self.path.name == f"{self.info.id}{SUFFIX}"  # and no copy of its file
        return waits and itself and (self.info.forked is None or self.checkpoint.is_file())

    @property
    def goes_on_again(self) -> bool:
        """Whether the run goes on should its worker be gone."""
        config, itself = self.info.config, self.path.name == f"{self.info.id}{SUFFIX}"
        return self.info.source == "worker" and config is not None and config.checkpoint_every is not None and itself

    @property
    def goes_on(self) -> bool:
        """Whether the run goes on in another server: one that waited waits on, another one is trained on."""
        if self.state.ended or self.state is RunState.QUEUED:
            return self.goes_on_waiting
        return self.goes_on_again and self.admission is not None and self.token_file.is_file()

    @property
    def checkpoint(self) -> Path:
        """Where the state lies that the run goes on from: that of another one, of which it is a fork, or its own."""
        return self.path.parent / CHECKPOINTS / self.id

    @property
    def token_file(self) -> Path:
        """Where the tokens of its workers lie, the newest last, of a run that goes on should its worker be gone."""
        return self.checkpoint.with_name(f"{self.id}.token")

    @property
    def owner(self) -> str:
        """Which browser it was started from, where that is known."""
        return self.info.started_by.browser if self.info.started_by else ""

    @property
    def student(self) -> str | None:
        """Whose it is of those who may look and start runs; None for one of who controls."""
        return self.owner if self.info.group else None

    @property
    def state(self) -> RunState:
        """Where the run is in its life."""
        return self.status.state

    @property
    def trained(self) -> float:
        """Seconds of training, pauses left out: by the clock that nobody sets."""
        since = time.monotonic() - self.status.entered if self.status.running_since is not None else 0.0
        return self.status.trained + since

    @property
    def removed(self) -> bool:
        """Whether somebody took the recording away."""
        return not (self.path.is_file() if self._writer is None else self._writer.there)

    @property
    def settled(self) -> bool:
        """Whether the recording is one file with all that there is, which nobody writes."""
        whole = self.state.ended and self.damage is None and self.incomplete is None and self._writer is None
        return whole and not self.path.is_symlink() and not any(path.exists() for path in beside(self.path))

    def close(self) -> None:
        """Close the recording, so that it is one file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _log(self, event: Event) -> None:
        if self._writer is not None:
            self._writer.log(event)
            return
        if self.damage is not None:
            raise RecordingError(self.damage)
        # The run has ended and its file is closed: it is renamed, say. Open the file for this one line.
        writer = RecordingWriter.open(self.path)
        try:
            writer.log(event)
        finally:
            writer.close()

    def _event(self, kind: str, message: Notice | str, **more: JsonValue) -> Event:
        known: dict[str, JsonValue] = {"time": time.time(), "step": self.status.step}
        if kind == "state":
            known["trained"] = self.trained
        return Event.saying(message, kind=kind, **{**known, **more})

    def _apply(self, event: Event, header: RunHeader | None = None) -> None:
        if header := header or self._revised_by(event):
            self._set_header(header)
        self.events.append(event)  # after what it lays out: viewers read both in a thread of their own
        self._heard(event)
        self.events_received += event.kind in OF_PRODUCER
        entered = time.monotonic() if event.kind == "state" else None
        self._become(lambda status: replace(status.apply(event), entered=entered or status.entered))
        if event.kind == "state":
            self.preparing = self.preparing if self.state is RunState.PREPARING else None
        self.absent_since = None if self.status.absence is None else self.absent_since or time.monotonic()

    def _heard(self, event: Event) -> None:
        """Let others know of an event that happens now."""

    def _become(self, change: Callable[[RunStatus], RunStatus]) -> None:
        with self._status_lock:
            self.status = change(self.status)

    def _revised_by(self, event: Event) -> RunHeader | None:
        return self.revised(event.value) if event.kind == "layouts" and self.header is not None else None

    def revised(self, value: JsonValue) -> RunHeader:
        """Return the header with the layouts that an event declares. Raises ValueError where they do not fit it."""
        if self.header is None:
            raise ValueError("layouts are declared anew before the run has begun")
        return Revision.model_validate(value).of(self.header)

    @property
    def entries(self) -> int:
        """How many entries its layouts have in all."""
        return sum(len(layout.entries) for layout in self.header.layouts) if self.header else 0

    @property
    def header_text(self) -> str:
        """The header as JSON, made once for all who want it."""
        if self._header_text is None or self._header_text[0] is not self.header:
            self._header_text = self.header, header_json(self.header) if self.header else "null"
        return self._header_text[1]

    def _set_header(self, header: RunHeader | None) -> None:
        self.header = header
        if header is not None:
            self.frame_bytes = {layout.number: layout.frame_bytes for layout in header.layouts}
