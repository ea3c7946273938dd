"""Shiftscope: see internal covariate shift."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shiftscope.lab.models.twins import twin
    from shiftscope.recording.reader import open_recording
    from shiftscope.scope import watch

__version__ = "0.1.0"
__all__ = ["open_recording", "twin", "watch"]

_HOMES = {
    "watch": "shiftscope.scope",
    "twin": "shiftscope.lab.models.twins",
    "open_recording": "shiftscope.recording.reader",
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is asked for: importing the package loads neither torch nor the server."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
