"""A run under way: its status, its recording and who waits for news of it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from pydantic import JsonValue

from shiftscope.config import RunConfig
from shiftscope.notices import Notice, NoticeError, notice
from shiftscope.recording.documents import SUFFIX, Admission, Event, ForkedFrom, RecordingError, RunInfo, TrialPart
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.recording.writer import RecordingWriter, settle
from shiftscope.server.producer import Producer, admits, new_admission
from shiftscope.server.run_state import NEXT, RunState, RunStatus, RunView
from shiftscope.server.signal import Signal
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import EventKind, Preparing, Revision

logger = logging.getLogger(__name__)

OF_PRODUCER = frozenset(get_args(EventKind))
"""The kinds of the events that come from a producer: those that it must send again until they are acknowledged."""


Hear = Callable[["Run", Event], None]
"""Takes note of an event of a run."""


class IllegalTransition(NoticeError):
    """A run was asked for an action that its state does not allow, or that a script's run does not take from here."""

    def __init__(self, run: Run, action: Notice, *, code: str = "refused.state") -> None:
        super().__init__(notice(code, run=run.id, state=run.state.word, action=action))
        self.state = run.state


class Run:
    """One run. All changes go through `record`, which keeps them in the recording and wakes who waits."""

    def __init__(self, path: Path, info: RunInfo, writer: RecordingWriter | None) -> None:
        self.path = path
        self.info = info
        self.id = info.id
        self.status = RunStatus.of(info)
        self.admission: Admission | None = None
        self.events_received = 0
        self.signal = Signal()
        self.hear: Hear | None = None
        """Called with each event that happens from now on."""
        self.producer: Producer | None = None
        self.conducted = False
        """Whether a supervisor takes it to its end, and knows better than a connection how it ends."""
        self.events: list[Event] = []
        self.narrated: Sequence[Event] | None = None
        """What was narrated of a recording that holds no sentences; None before anybody looked at it."""
        self.header: RunHeader | None = None
        self.frame_bytes: dict[int, int] = {}
        self.preparing: Preparing | None = None
        self.seq = 0
        self._writer = writer
        self.changing = asyncio.Lock()
        """Held by who looks at the state and then acts on it, so that commands go out in the order of their effects."""
        self.admitting = asyncio.Lock()
        """Held while a producer takes the place of another."""
        self._order = asyncio.Lock()

    @classmethod
    def create(
        cls, folder: Path, name: Notice | str, source: str, config: RunConfig | None,
        trial: TrialPart | None = None, forked: ForkedFrom | None = None,
    ) -> Run:  # fmt: skip
        """Make a run and its recording. Raises RecordingError when the file cannot be written."""
        created = time.time()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(created))
        run_id = f"{stamp}-{secrets.token_hex(3)}"
        title = name if isinstance(name, Notice) else None
        info = RunInfo(
            id=run_id, name=str(name), title=title, source=source, created=created, config=config, trial=trial,
            forked=forked,
        )  # fmt: skip
        path = folder / f"{info.id}{SUFFIX}"
        return cls(path, info, RecordingWriter.create(path, info))

    def new_token(self) -> str:
        """Return a token that admits a producer to this run; the recording keeps its hash. Raises RecordingError."""
        token, admission = new_admission()
        if self._writer is not None:
            self._writer.admit(admission)
        self.admission = admission
        return token

    def admits(self, token: str) -> bool:
        """Whether a token is this run's."""
        return self.admission is not None and admits(self.admission, token)

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read a run from its recording.

        One that was under way when its server ended waits for its script to come back; where none can, it is
        interrupted.

        Raises:
            RecordingError: the file is not a recording.
            pydantic.ValidationError: its contents are not understood.
        """
        with open_recording(path) as recording:
            run = cls(path, recording.info, None)
            run._fold(recording)
        if not run.state.ended:
            run._settle_after_restart()
        return run

    def _settle_after_restart(self) -> None:
        """Find out what the state of a run is whose server ended while it was under way."""
        if self.info.source != "script" or (self.admission is None and settle(self.path)):
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
        self._log(event)

    def _fold(self, recording: Recording) -> None:
        for event in recording.journal():
            self._apply(event)
        self.admission = recording.admission
        self.seq = recording.last_seq
        if self.seq:
            self.status = self.status.reach(recording.read(self.seq - 1)[0].step)
        self._set_header(recording.header)

    @property
    def state(self) -> RunState:
        """Where the run is in its life."""
        return self.status.state

    @property
    def view(self) -> RunView:
        """The run as the API shows it."""
        config = self.info.config
        total = self.header.total_steps if self.header else (config.total_steps if config else None)
        status = self.status
        return RunView(
            id=self.id, name=status.name, title=status.title, state=status.state, reason=status.reason,
            source=self.info.source, config=config, trial=self.info.trial, forked=self.info.forked,
            step=status.step, total_steps=total, created=self.info.created, started=status.started, ended=status.ended,
            steps_per_epoch=config.steps_per_epoch if config else None,
            elapsed=status.elapsed(time.time()), pace=status.pace, learning_rate=status.learning_rate,
            interventions=dict(status.interventions),
            preparing=self.preparing, absence=status.absence, seq=self.seq,
        )  # fmt: skip

    async def move(self, state: RunState, reason: Notice | str = "") -> None:
        """Go to another state. Raises IllegalTransition."""
        async with self._order:
            if state not in NEXT[self.state]:
                raise IllegalTransition(self, notice("action.become", state=state.word))
            await self._happen("state", reason, value=state.value)
            if state.ended:
                await asyncio.to_thread(self.close)

    async def record(self, kind: str, message: Notice | str = "", **more: JsonValue) -> None:
        """Record an event: when this returns it is kept, and takes effect.

        Raises:
            RecordingError: it could not be kept; then it did not happen.
            FileNotFoundError: the recording was removed.
        """
        async with self._order:
            await self._happen(kind, message, **more)

    async def begin(self, header: RunHeader) -> None:
        """Keep the producer's header and start to run."""
        if self.header is not None:
            if header == self.header and not self.seq:  # it was kept, but its producer did not hear of that
                return
            raise IllegalTransition(self, notice("action.begin"))
        async with self._order:
            if self._writer is not None:
                await asyncio.to_thread(self._writer.begin, header)
            self._set_header(header)
        await self.move(RunState.RUNNING)

    async def append(self, frames: list[Frame]) -> None:
        """Keep frames, which must follow on the last one; then wake the viewers."""
        async with self._order:
            if self._writer is None:
                raise IllegalTransition(self, notice("action.frames"))
            await asyncio.to_thread(self._writer.append, frames)
            self.seq = frames[-1].seq
            self.status = self.status.reach(frames[-1].step)
        self.signal.notify()

    async def kept(self) -> tuple[int, int, bool]:
        """Return the newest frame's seq, how many of the producer's events are kept, and whether the header is."""
        async with self._order:
            return self.seq, self.events_received, self.header is not None

    async def lose(self, reason: Notice) -> None:
        """Take note that there is no connection to what trains the run."""
        if not self.state.ended:
            await self.record("connection", reason, value="lost")

    async def come_back(self) -> None:
        """Go on with a run whose producer is there again, also one that was given up."""
        async with self._order:
            if self._writer is None:
                self._writer = await asyncio.to_thread(RecordingWriter.open, self.path)
        if self.state.ended:
            await self.move(RunState.RUNNING if self.header else RunState.PREPARING)
        if self.status.absence is not None:
            await self.record("connection", notice("absence.over"), value="back")

    async def wait_until_ended(self) -> None:
        """Return when no other state follows."""
        while True:
            changed = self.signal.changed
            if self.state.ended:
                return
            await changed.wait()

    def prepare(self, preparing: Preparing) -> None:
        """Show what the run waits for."""
        self.preparing = preparing
        self.signal.notify()

    def progress(self, step: int) -> None:
        """Note how many updates were made."""
        self.status = self.status.reach(step)
        self.signal.notify()

    def close(self) -> None:
        """Close the recording, so that it is one file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    async def _happen(self, kind: str, message: Notice | str, **more: JsonValue) -> None:
        event = self._event(kind, message, **more)
        try:
            await asyncio.to_thread(self._log, event)
        except RecordingError:
            # That a run is in another state is so, kept or not: on a full disk it ends all the same.
            if kind not in {"state", "connection"}:
                raise
            logger.exception("run %s is %s, which its recording does not say", self.id, event.value)
        self._apply(event)
        self.signal.notify()

    def _log(self, event: Event) -> None:
        if self._writer is not None:
            self._writer.log(event)
            return
        # The run has ended and its file is closed: it is renamed, say. Open the file for this one line.
        writer = RecordingWriter.open(self.path)
        try:
            writer.log(event)
        finally:
            writer.close()

    def _event(self, kind: str, message: Notice | str, **more: JsonValue) -> Event:
        return Event.saying(message, kind=kind, **{"time": time.time(), "step": self.status.step, **more})

    def _apply(self, event: Event) -> None:
        self.events.append(event)
        if event.kind == "layouts" and self.header is not None:
            self._set_header(self.revised(event.value))
        if self.hear is not None:
            self.hear(self, event)
        self.events_received += event.kind in OF_PRODUCER
        self.status = self.status.apply(event)
        if event.kind == "state" and self.state is not RunState.PREPARING:
            self.preparing = None

    def revised(self, value: JsonValue) -> RunHeader:
        """Return the header with the layouts that an event declares. Raises ValueError where they do not fit it."""
        if self.header is None:
            raise ValueError("layouts are declared anew before the run has begun")
        return Revision.model_validate(value).of(self.header)

    def _set_header(self, header: RunHeader | None) -> None:
        self.header = header
        if header is not None:
            self.frame_bytes = {layout.number: layout.frame_bytes for layout in header.layouts}
