"""Brings the backlog of a run to a server, and does so again whenever the connection breaks."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from shiftscope.sinks.backlog import Backlog
from shiftscope.sinks.bell import Bell
from shiftscope.sinks.dialing import Call
from shiftscope.sinks.link import LOST, NORMAL, Link, Refused
from shiftscope.wire.messages import (
    ENDED,
    SERVER_MESSAGE,
    Acknowledged,
    Begin,
    Command,
    Hello,
    PreparingMessage,
    Progress,
    Welcome,
)

logger = logging.getLogger(__name__)

BATCH_BYTES = 1 << 20
PROGRESS_SECONDS = 0.1
TICK_SECONDS = 0.1
MESSAGES_A_TURN = 8
FOR_EVER = frozenset({1002, 1003, 1007, 1008, 1009, *range(4000, 5000)})
"""Close codes after which the server takes nothing more of this run; any other may be another matter later."""

OnCommand = Callable[[Command], None]


@dataclass(frozen=True)
class Deadlines:
    """How long is waited for a server, in seconds.

    Attributes:
        dial: for the welcome.
        ping: between signs of life that are asked for.
        silence: without any, until the connection is given up.
        stall: without an acknowledgement of what was sent, until what comes goes to the spool.
        spool: without a connection, likewise.
        first_wait: before a broken connection is tried anew; doubled each time.
        longest_wait: the most of that.
    """

    dial: float = 5.0
    ping: float = 5.0
    silence: float = 20.0
    stall: float = 3.0
    spool: float = 1.0
    first_wait: float = 0.1
    longest_wait: float = 10.0


class Uplink:
    """The connection of a run to its server, as one thread drives it by `turn`.

    Attributes:
        backlog: what is not acknowledged.
        refusal: why the server takes nothing more of the run; empty while it does.
        ended: whether the run has ended at the server: by its end, or because somebody ended it there.
        trouble: why there is no connection; empty while there is one.
        kept: counts the signs that the server keeps something.
    """

    def __init__(
        self, url: str, hello: Hello, backlog: Backlog, deadlines: Deadlines, on_command: OnCommand | None = None
    ) -> None:
        self.backlog = backlog
        self.refusal = ""
        self.ended = False
        self.trouble = ""
        self.kept = 0
        self.preparing: PreparingMessage | None = None
        self.bell = Bell()
        self._url, self._hello, self._deadlines = url, hello, deadlines
        self._on_command = on_command
        self._link: Link | None = None
        self._call: Call | None = None
        self._attempts = 0
        self._begun = self._end_sent = self._more = False
        self._seq = self._events = self._events_lost = self._step = 0
        self._wire = 1
        now = time.monotonic()
        self._dial_at = self._kept_at = self._lost_at = self._pinged = self._reported = now

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._link is not None

    @property
    def over(self) -> bool:
        """Whether nothing more can be sent, for better or worse."""
        return self.ended or bool(self.refusal)

    @property
    def hopeless(self) -> bool:
        """Whether the server has kept nothing for a while, so that it may not do so soon."""
        return self._link is None or self.backlog.spooling

    def welcome(self, link: Link, welcome: Welcome) -> None:
        """Go on over a new connection after what the server has."""
        self._link, self.trouble = link, ""
        # A server may have fewer than it once acknowledged: the power failed, or its file was put back from a copy.
        self._events_lost = max(0, self.backlog.events_before - welcome.events)
        self._seq, self._events, self._begun = welcome.after, welcome.events + self._events_lost, welcome.begun
        self._wire = welcome.wire
        self._end_sent = False
        self._step = 0
        self._kept_at = self._pinged = time.monotonic()
        self._acknowledged(welcome.after, welcome.events)

    def turn(self, most_seconds: float = TICK_SECONDS) -> None:
        """Send and receive what can be, then wait for more, at most so long."""
        now = time.monotonic()
        self._connect(now)
        if self._link is not None:
            self._send(self._link, now)
        self._judge(now)
        link = self._link
        wait = 0.0 if self._more else most_seconds
        ready = self.bell.wait(wait, link, writing=link is not None and link.waiting)
        if link is not None and ready:
            self._hear(link)

    def leave(self) -> None:
        """Close the connection."""
        if self._link is not None:
            self.bell.forget()
            self._link.leave()
            self._link = None
        if self._call is not None:
            self._call.give_up()
            self._call = None

    def _connect(self, now: float) -> None:
        if self._link is not None or self.over:
            return
        if self._call is None:
            if now >= self._dial_at:
                self._call = Call(self._url, self._hello, self._deadlines.dial, self.bell)
            return
        result = self._call.result
        if result is None:
            return
        self._call = None
        if isinstance(result, Exception):
            self._fail(str(result), result.code if isinstance(result, Refused) else LOST)
        else:
            self.welcome(*result)

    def _fail(self, reason: str, code: int) -> None:
        """Take note that there is no connection, and of what that means."""
        now = time.monotonic()
        if not self.trouble:
            self._lost_at = now
        self.trouble = reason
        if code == ENDED or (code == NORMAL and self._end_sent):
            self.ended = True
            if self.backlog.end is None:
                self.refusal = reason
        elif code in FOR_EVER:
            self.refusal = reason
        wait = min(self._deadlines.longest_wait, self._deadlines.first_wait * 2 ** min(self._attempts, 20))
        self._dial_at = now + wait * random.uniform(0.75, 1.25)  # noqa: S311  so that not all come back in one moment
        self._attempts += 1

    def _send(self, link: Link, now: float) -> None:
        for _ in range(MESSAGES_A_TURN):
            message = None if link.waiting else self._next(now)
            if message is None:
                self._more = False
                return
            link.send(message)
        self._more = not link.waiting

    def _next(self, now: float) -> str | bytes | None:
        """Return what comes next, or None when the server has been sent everything."""
        found = self._next_words() or self._next_frames()
        return found or self._next_progress(now) or self._next_end()

    def _next_words(self) -> str | None:
        backlog = self.backlog
        if self.preparing is not None:
            message, self.preparing = self.preparing, None
            return message.to_json()
        if backlog.header is not None and not self._begun:
            self._begun = True
            return Begin(header=backlog.header).to_json_for(self._wire)
        at = self._events - backlog.events_before
        if at < len(backlog.events):
            self._events += 1
            return backlog.events[at].to_json()
        return None

    def _next_frames(self) -> bytes | None:
        if not self._begun or self._seq >= self.backlog.last:
            return None
        frames = self.backlog.after(self._seq, BATCH_BYTES)
        self._seq = frames[-1].seq if frames else self._seq
        return b"".join(frame.data for frame in frames)

    def _next_progress(self, now: float) -> str | None:
        step = self.backlog.step
        if step <= self._step or (now - self._reported < PROGRESS_SECONDS and self.backlog.end is None):
            return None
        self._reported, self._step = now, step
        return Progress(step=step).to_json()

    def _next_end(self) -> str | None:
        if self.backlog.end is None or self._end_sent:
            return None
        self._end_sent = True
        return self.backlog.end.to_json()

    def _hear(self, link: Link) -> None:
        link.write()
        for text in link.read():
            self._obey(text)
        if link.closed:
            self.bell.forget()
            link.abort()
            self._link = None
            self._fail(link.close_reason, link.close_code)

    def _obey(self, text: str) -> None:
        try:
            message = SERVER_MESSAGE.validate_json(text)
        except ValidationError:
            logger.debug("a message of a newer server is ignored: %.200s", text)
            return
        match message:
            case Acknowledged():
                self._attempts = 0  # not for a welcome: a server with a full disk is welcoming, too
                self._acknowledged(message.seq, message.events)
            case Command() if self._on_command is not None:
                self._on_command(message)

    def _acknowledged(self, seq: int, events: int) -> None:
        self.backlog.acknowledge(seq, events + self._events_lost)
        self._kept_at = time.monotonic()
        self.kept += 1

    def _judge(self, now: float) -> None:
        """Give up a connection that is dead, and let the spool take what the server does not."""
        backlog, link, deadlines = self.backlog, self._link, self._deadlines
        if link is not None and now - link.heard > deadlines.silence:
            self.bell.forget()
            link.abort()
            self._link = link = None
            self._fail("the server does not answer", LOST)
        elif link is not None and now - self._pinged > deadlines.ping:
            self._pinged = now
            link.ping()
        if backlog.last <= backlog.acknowledged:
            self._kept_at = now
        stalled = now - self._kept_at > deadlines.stall
        if (link is None and now - self._lost_at > deadlines.spool) or stalled or self.refusal:
            backlog.spooling = True
        elif backlog.spooling and link is not None and self._seq >= (backlog.spool.last if backlog.spool else 0):
            backlog.spooling = False
            backlog.acknowledge(backlog.acknowledged, 0)  # lets go of a spool of which the server has all
