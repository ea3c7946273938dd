"""Errors of the scope's own: each is reported once and switches off the smallest thing; training goes on.

That is a probe at one layer; where it fails at several, the probe; where what fails belongs to no probe, the scope.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from inspect import CO_VARARGS
from traceback import walk_tb
from types import CodeType, FrameType
from typing import Literal

from shiftscope.engine import reports
from shiftscope.notices import Notice, NoticeError, notice
from shiftscope.telling import caution
from shiftscope.tracing.errors import Diverged, WatchError

OnError = Literal["warn", "raise"]
LAYERS = 1
"""Layers at which a probe may fail before it is stopped as a whole."""
MOST_CAUSES = 16
"""Errors of which one came of the other, as far as they are looked into."""
PASSING = "what passes"
"""What measures in passing, for all probes together, under a name like a probe's."""


class ProbeError(Exception):
    """What a probe did that it must not do."""


class MisuseError(ValueError):
    """What a caller of the scope gave and must not; told to the caller, as it is no error of the scope's."""


class Faults:
    """What failed.

    Args:
        on_error: "raise" lets errors out, for tests; nothing else changes.

    Attributes:
        stopped: names of probes that failed, each with what went wrong.
        failed: whether the scope itself did, and measures nothing more.
        on_failure: called when it does.
    """

    def __init__(self, on_error: OnError = "warn") -> None:
        self.on_error = on_error
        self.stopped: dict[str, str] = {}
        self.failed = False
        self.on_failure: Callable[[], None] | None = None
        self._layers: dict[str, set[str]] = {}
        self._warned: set[str] = set()
        self._unreported: list[Notice] = []

    @contextmanager
    def caught(self, probe: str, layer: str = "") -> Iterator[None]:
        """Enter a block in which a probe's code runs: an error in it stops the probe, there, and nothing else."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  whatever a probe raises, the training that it measures goes on
            self.stop(probe, error, layer)

    def measures(self, probe: str, layer: str) -> bool:
        """Whether a probe has not failed at a layer."""
        return probe not in self.stopped and layer not in self._layers.get(probe, ())

    def stop(self, probe: str, error: Exception, layer: str = "") -> None:
        """Stop a probe, at a layer or as a whole, and warn of it."""
        let_interrupts_through(error)
        if not self.measures(probe, layer):
            return
        failed_at = self._layers.setdefault(probe, set())
        if layer and len(failed_at) < LAYERS:
            failed_at.add(layer)
            self._report(probe, reports.probe_layer_failed(probe, layer, error), error)
            return
        self.stopped[probe] = f"{type(error).__name__}: {error}"
        self._report(probe, notice("event.probe_failed", probe=probe, error=self.stopped[probe]), error)

    def fail(self, error: Exception) -> None:
        """Stop everything, and warn of it; where nothing more can be sent, in the sink's own words."""
        let_interrupts_through(error)
        if self.failed:
            if self.on_error == "raise":
                raise error
            return
        self.failed = True
        self._unreported.append(reports.scope_failed(error))
        if self.on_failure:
            self.on_failure()
        if self.on_error == "raise":
            raise error
        known = isinstance(error, NoticeError)
        text = f"{error}. The training goes on unwatched." if known else str(reports.scope_failed(error))
        caution(text)

    def __enter__(self) -> None:
        """Enter a block from which no error comes out but those of the caller's own making."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception) or isinstance(error, MisuseError | WatchError | Diverged):
            return False
        self.fail(error)
        return True

    def note(self, message: Notice) -> None:
        """Record something that is no error as an event."""
        self._unreported.append(message)

    def note_once(self, message: Notice) -> None:
        """Record something that may come at every step as an event, the first time."""
        if message.code not in self._warned:
            self._warned.add(message.code)
            self._unreported.append(message)

    def take_unreported(self) -> list[Notice]:
        """Return what happened since this was last called."""
        taken, self._unreported = self._unreported, []
        return taken

    def _report(self, probe: str, message: Notice, error: Exception) -> None:
        """Record what failed as an event each time, and warn of each probe once."""
        self._unreported.append(message)
        if self.on_error == "raise":
            error.add_note(f"the probe {probe}")
            raise error
        if probe not in self._warned:
            self._warned.add(probe)
            caution(str(message))


def let_interrupts_through(error: BaseException) -> None:
    """Raise what was asked for, or is not the scope's own: a Ctrl-C, also as compiled code's SystemError."""
    cause: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if cause is None:
            return
        if isinstance(cause, KeyboardInterrupt | Diverged) or _is_of_a_signal(cause):
            raise cause
        cause = cause.__cause__ or cause.__context__


def _is_of_a_signal(error: BaseException) -> bool:
    """Whether somebody's handler of a signal raised an error, a time limit's say, while the scope's code ran.

    A handler is called with the frame that it interrupts; one that is exchanged by now is still known by that.
    """
    handlers = {_code(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return any(frame.f_code in handlers or _is_given_its_caller(frame) for frame in frames)


def _is_given_its_caller(frame: FrameType) -> bool:
    """Whether a function was called with the frame that was under way then."""
    code, caller = frame.f_code, frame.f_back
    named = code.co_argcount + code.co_kwonlyargcount
    more = bool(code.co_flags & CO_VARARGS)
    values = [frame.f_locals.get(name) for name in code.co_varnames[: named + more]]
    given = [*values[:named], *(values[named] or () if more else ())]
    return caller is not None and any(value is caller for value in given)


def _code(handler: object) -> CodeType | None:
    handler = handler.func if isinstance(handler, partial) else handler
    found = getattr(handler, "__code__", None) or getattr(getattr(handler, "__call__", None), "__code__", None)  # noqa: B004
    return found if isinstance(found, CodeType) else None
