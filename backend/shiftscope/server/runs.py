"""A run under way: what is done to it, in order, and who waits for news of it."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pydantic import JsonValue
from typing_extensions import override

from shiftscope.notices import Notice, NoticeError, notice
from shiftscope.recording.documents import Event, RecordingError, RunInfo
from shiftscope.recording.writer import RecordingWriter
from shiftscope.server.producer import Producer
from shiftscope.server.recorded_run import OF_PRODUCER, RecordedRun
from shiftscope.server.run_state import NEXT, RunState, RunView
from shiftscope.server.run_view import view_of
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import EventMessage, Preparing

logger = logging.getLogger(__name__)

Hear = Callable[["Run", Event], None]
"""Takes note of an event of a run."""


class IllegalTransition(NoticeError):
    """A run was asked for an action that its state does not allow, or that a script's run does not take from here."""

    def __init__(self, run: Run, action: Notice, *, code: str = "refused.state") -> None:
        super().__init__(notice(code, run=run.id, state=run.state.word, action=action))
        self.state = run.state


class Run(RecordedRun):
    """One run. All changes go through `record`, which keeps them in the recording and wakes who waits."""

    awaited_state: str = ""
    """Name of the state that a fork waits for; empty while none does."""

    def __init__(self, path: Path, info: RunInfo, writer: RecordingWriter | None) -> None:
        super().__init__(path, info, writer)
        self.event_chars = 0
        """Length of the texts in which its producer sent events."""
        self.hear: Hear | None = None
        """Called with each event that happens from now on."""
        self.over: Callable[[Run], None] | None = None
        """Called when the run has ended, goes on, or is another than before when it had."""
        self.producer: Producer | None = None
        self.conducted = False
        """Whether a supervisor takes it to its end, and knows better than a connection how it ends."""
        self._repeated: Counter[str] = Counter()
        self.changing = asyncio.Lock()
        """Held by who looks at the state and then acts on it, so that commands go out in the order of their effects."""
        self.admitting = asyncio.Lock()
        """Held while a producer takes the place of another."""
        self.keeping = asyncio.Lock()
        """Held while a state of it comes: one at a time."""
        self.states = threading.Lock()
        """Held while a state that came takes its place, and while states are removed: threads do both."""
        self._order = asyncio.Lock()

    @property
    def view(self) -> RunView:
        """The run as the API shows it."""
        return view_of(self)

    def wait_for_place(self, waiting: bool) -> None:
        """Note whether nothing trains it for want of a place, although it has begun."""
        self.waiting = waiting
        self.preparing = None  # of a place that it has no more, or of the queue
        self.signal.notify()

    def move_to(self, place: int | None) -> None:
        """Note its place in the queue."""
        self.place = place
        self.signal.notify()

    def prepare(self, preparing: Preparing) -> None:
        """Show what the run waits for."""
        self.preparing = preparing
        self.signal.notify()

    def progress(self, step: int) -> None:
        """Note how many updates were made."""
        self._become(lambda status: status.reach(step))
        self.signal.notify()

    async def move(self, state: RunState, reason: Notice | str = "") -> None:
        """Go to another state. Raises IllegalTransition."""
        async with self._order:
            if state not in NEXT[self.state]:
                raise IllegalTransition(self, notice("action.become", state=state.word))
            await self._happen("state", reason, value=state.value)

    async def record(self, kind: str, message: Notice | str = "", **more: JsonValue) -> None:
        """Record an event: when this returns it is kept, and takes effect.

        Raises:
            RecordingError: it could not be kept; then it did not happen.
            FileNotFoundError: the recording was removed.
        """
        async with self._order:
            await self._happen(kind, message, **more)

    async def record_unless_ended(self, kind: str, message: Notice | str = "", **more: JsonValue) -> bool:
        """Record an event of a run that has not ended, and return whether it was recorded. Raises as `record` does."""
        async with self._order:
            if self.state.ended:
                return False
            await self._happen(kind, message, **more)
            return True

    def repeat_from(self, step: int) -> None:
        """Note that what follows a step is done once more: events that are kept already come again then."""
        kept = [event for event in self.events if event.kind in OF_PRODUCER and event.step >= step]
        self._repeated = Counter(_key(event) for event in kept)

    def knows(self, event: EventMessage) -> bool:
        """Whether an event that came is one that is kept already and came again; it counts as received."""
        key = _key(event)
        if not self._repeated[key]:
            return False
        self._repeated[key] -= 1
        self.events_received += 1
        self.signal.notify()
        return True

    async def begin(self, header: RunHeader) -> None:
        """Keep the producer's header and start to run."""
        async with self._order:
            if self.header is not None:
                if header == self.header and not self.seq:  # it was kept, but its producer did not hear of that
                    return
                raise IllegalTransition(self, notice("action.begin"))
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
            self.seq, self.last = frames[-1].seq, (frames[-1].stream, frames[-1].step)
            self._become(lambda status: status.reach(frames[-1].step))
        self.signal.notify()

    async def kept(self) -> tuple[int, int, bool]:
        """Return the newest frame's seq, how many of the producer's events are kept, and whether the header is."""
        async with self._order:
            return self.seq, self.events_received, self.header is not None

    async def lose(self, reason: Notice) -> None:
        """Take note that there is no connection to what trains the run."""
        if not self.state.ended:
            await self.record("connection", reason, value="lost")

    async def reopen(self) -> None:
        """Open the recording again, where it was closed, so that more is added to it."""
        async with self._order:
            if self._writer is None:
                if self.damage is not None:
                    raise IllegalTransition(self, notice("action.begin"))
                self._writer = await asyncio.to_thread(RecordingWriter.open, self.path)

    async def come_back(self) -> None:
        """Go on with a run whose producer is there again, also one that was given up."""
        await self.reopen()
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

    async def _happen(self, kind: str, message: Notice | str, **more: JsonValue) -> None:
        event = self._event(kind, message, **more)
        try:
            await asyncio.to_thread(self._log, event)
        except RecordingError:
            # That a run is in another state is so, kept or not: on a full disk it ends all the same.
            if kind not in {"state", "connection"}:
                raise
            logger.exception("run %s is %s, which its recording does not say", self.id, event.value)
        if kind == "state" and RunState(str(event.value)).ended:
            await asyncio.to_thread(self.close)  # before it is told: who hears of it may take the file away
        # A header of many entries takes seconds to be revised.
        header = await asyncio.to_thread(self._revised_by, event) if event.kind == "layouts" else None
        self._apply(event, header)
        self.signal.notify()
        if self.over is not None and (kind == "state" or self.state.ended):
            await asyncio.to_thread(self.over, self)

    @override
    def _heard(self, event: Event) -> None:
        if self.hear is not None:
            self.hear(self, event)


def _key(event: Event | EventMessage) -> str:
    """Return what is the same of an event that comes again."""
    said = {"kind", "step", "network", "layer", "message", "code", "values", "value"}
    return json.dumps(event.model_dump(mode="json", include=said), sort_keys=True)
