"""Shiftscope: see internal covariate shift."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shiftscope import probe, testing
    from shiftscope.engine.schedules import at, every, thinning
    from shiftscope.lab.models.twin import TwinError, twin
    from shiftscope.lab.training.lockstep import Lockstep
    from shiftscope.recording.documents import RecordingError
    from shiftscope.recording.reader import open_recording
    from shiftscope.scope import watch
    from shiftscope.sinks.base import SinkError
    from shiftscope.tracing.errors import Diverged, WatchError
    from shiftscope.wire.alerts import Alert

__version__ = "0.1.0"
__all__ = [
    "Alert", "Diverged", "Lockstep", "RecordingError", "SinkError", "TwinError", "WatchError", "at", "every",
    "open_recording", "probe", "testing", "thinning", "twin", "watch",
]  # fmt: skip

_MODULES = {"probe", "testing"}
_HOMES = {
    "watch": "shiftscope.scope",
    "twin": "shiftscope.lab.models.twin",
    "open_recording": "shiftscope.recording.reader",
    "every": "shiftscope.engine.schedules",
    "at": "shiftscope.engine.schedules",
    "thinning": "shiftscope.engine.schedules",
    "Alert": "shiftscope.wire.alerts",
    "Diverged": "shiftscope.tracing.errors",
    "Lockstep": "shiftscope.lab.training.lockstep",
    "WatchError": "shiftscope.tracing.errors",
    "TwinError": "shiftscope.lab.models.twin",
    "SinkError": "shiftscope.sinks.base",
    "RecordingError": "shiftscope.recording.documents",
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is asked for: importing the package loads neither torch nor the server."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
