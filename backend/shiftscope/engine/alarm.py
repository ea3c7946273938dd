"""What is done at what goes wrong: somebody is called, or the training is ended, as was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from shiftscope.engine.faults import Faults, let_interrupts_through
from shiftscope.notices import notice
from shiftscope.telling import caution
from shiftscope.tracing.errors import Diverged
from shiftscope.wire.alerts import Alert

OnEvent = Callable[[Alert], object]
StopOn = Literal["diverged"]


class Alarm:
    """Passes alerts on, between an update and the next pass, in the training's own thread.

    Args:
        take: returns what was found since it was last called.
        on_event: called with each; after an error of its own, which is reported, no more.
        stop_on: at what to raise, once a run.
        faults: where an error of `on_event` is reported.
    """

    def __init__(
        self, take: Callable[[], Iterable[Alert]], on_event: OnEvent | None, stop_on: StopOn | None, faults: Faults
    ) -> None:
        self._take, self._on_event, self._stop_on, self._faults = take, on_event, stop_on, faults

    def ring(self) -> None:
        """Pass on what was found.

        Raises:
            Diverged: a network did, and that was asked for.
        """
        stop: Alert | None = None
        for alert in self._take():
            self._call(alert)
            if alert.kind == self._stop_on:
                stop, self._stop_on = alert, None
        if stop is not None:
            raise Diverged(stop)

    def _call(self, alert: Alert) -> None:
        if self._on_event is None:
            return
        try:
            self._on_event(alert)
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            let_interrupts_through(error)
            self._on_event = None
            message = notice("event.on_event_failed", error=f"{type(error).__name__}: {error}")
            self._faults.note(message)
            caution(str(message))
