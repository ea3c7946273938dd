"""From which step on something that a person did took effect: the worker says so, some steps after the click."""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from pydantic import JsonValue, ValidationError

from shiftscope.recording.documents import Event, RecordingError
from shiftscope.recording.values import as_intervention
from shiftscope.wire.assignment import Applied

CHANGES = frozenset({"intervention", "learning_rate"})
"""Kinds of events that a worker takes up: they are written down at the step that the server knows of then."""


class Effects:
    """What the worker of a run has taken up, and from which steps on.

    Args:
        events: all of the run; of a journal that breaks off what stands before counts.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        # Found by what was changed, and by that and what it became: a journal may have very many of them.
        self._steps: dict[tuple[str, ...], list[int]] = {}
        try:
            for event in events:
                for step, *what, became in _taken_up(event):
                    for key in (tuple(what), (*what, became)):
                        insort(self._steps.setdefault(key, []), step)
        except RecordingError:
            pass  # who reads the journal itself learns of it

    def of(self, event: Event) -> Event:
        """Return an event, a change at the step from which it is in the training."""
        if event.kind not in CHANGES:
            return event
        value = as_intervention(event.value).model_dump(mode="json") if event.kind == "intervention" else event.value
        what = event.kind, event.network
        # What was taken back before the worker had done it has the step at which that was so.
        for key in ((*what, _words(value)), what):
            steps = self._steps.get(key, [])
            if (at := bisect_left(steps, event.step)) < len(steps):
                return event.model_copy(update={"step": steps[at]})
        return event


def _taken_up(event: Event) -> Iterator[tuple[int, str, str, str]]:
    """Yield since which step what was changed, of which network, and what it became."""
    if event.kind != "applied":
        return
    try:
        applied = Applied.model_validate(event.value)
    except ValidationError:
        return
    if applied.learning_rate is not None:
        yield applied.step, "learning_rate", "", _words(applied.learning_rate)
    for network, done in applied.networks.items():
        yield applied.step, "intervention", network, _words(done.model_dump(mode="json"))


def _words(value: JsonValue) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return json.dumps(value, sort_keys=True)
