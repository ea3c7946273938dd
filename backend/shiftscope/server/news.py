"""What is sent about a run besides its frames, as far as one cursor has come."""

from __future__ import annotations

import copy
import json
import time
from typing import Self

from pydantic import JsonValue

from shiftscope.server.runs import Run

STATE_SECONDS = 0.1
"""How often a run's view is sent anew, changes of state apart: those are sent at once."""


class News:
    """The texts of a run's stream in their order: the run itself, its header, each event, its view now and then.

    Args:
        run: the run.
        upto: how many of its events the first message holds; None for all that there are.
    """

    def __init__(self, run: Run, upto: int | None = None) -> None:
        self._run = run
        self._header = run.header
        self.events = len(run.events) if upto is None else upto
        self._view: dict[str, JsonValue] = run.view.model_dump(mode="json")
        self._view_sent_at = 0.0
        self.late = False
        """Whether the view has changed and is to be sent a little later."""

    def introduction(self) -> str:
        """Return the first message of a stream."""
        run = self._run
        # The long ones are not made into objects on the way: that would hold the interpreter for ten times as long.
        events = ",".join(event.model_dump_json() for event in run.events[: self.events])
        header = run.header_text if self._header else "null"
        text = _text(type="run", run=self._view, last_seq=run.seq)
        return f'{text[:-1]}, "header": {header}, "events": [{events}]}}'

    def take(self, upto: int | None = None) -> list[str]:
        """Return what has changed since this was last called, of the events no more than the first `upto`."""
        run, texts = self._run, []
        if run.header is not None and self._header is None:
            self._header = run.header
            texts.append(f'{{"type": "header", "header": {run.header_text}}}')
        while self.events < (len(run.events) if upto is None else upto):
            event = run.events[self.events]
            self.events += 1
            texts.append(_text(type="event", event=event.model_dump(mode="json")))
        view = run.view.model_dump(mode="json")
        self.late = False
        if self._looks_like(view):
            return texts
        if view["state"] == self._view["state"] and time.monotonic() - self._view_sent_at < STATE_SECONDS:
            self.late = True
            return texts
        self._view, self._view_sent_at = view, time.monotonic()
        return [*texts, self.state()]

    def state(self) -> str:
        """Return the message that holds the view that was last taken."""
        return _text(type="state", run=self._view)

    def level_with(self, other: News) -> bool:
        """Whether the same events, and the header, were taken of both."""
        return self.events == other.events and (self._header is None) == (other._header is None)

    def shows_the_same(self, other: News) -> bool:
        """Whether the view that was last taken is the same in both."""
        return self._looks_like(other._view)

    def _looks_like(self, view: dict[str, JsonValue]) -> bool:
        return {**view, "elapsed": 0} == {**self._view, "elapsed": 0}

    def copy(self) -> Self:
        """Return another with the same cursor."""
        return copy.copy(self)


def _text(**message: JsonValue) -> str:
    return json.dumps(message)
