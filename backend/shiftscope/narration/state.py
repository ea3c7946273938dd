"""A narrator between two frames as bytes, so that another process goes on where it was.

They come back from a server to which whoever holds the run's secret may have sent others: they are data and nothing
else, of which only the types that a narrator declares are made.
"""

from __future__ import annotations

from dataclasses import dataclass

from shiftscope.narration.narrator import Carried, Narrator
from shiftscope.narration.plain import of_json, to_json

FORMAT = 1
"""Of the bytes; those of another format are refused."""


class NarratorStateError(ValueError):
    """Bytes that are no narrator of this version."""


@dataclass(frozen=True)
class _State:
    format: int
    carried: Carried


def frozen(narrator: Narrator) -> bytes:
    """Return a narrator as it is now."""
    return to_json(_State(FORMAT, narrator.carried))


def thawed(state: bytes) -> Narrator:
    """Return a narrator that was frozen. Raises NarratorStateError."""
    try:
        return _of(of_json(state, _State))
    except Exception as error:  # bytes that may be anything raise anything
        raise NarratorStateError(f"this is no state of a narrator: {error}") from error


def _of(state: _State) -> Narrator:
    if state.format != FORMAT:
        raise ValueError(f"it has format {state.format}; this version reads format {FORMAT}")
    return Narrator.resumed(state.carried)
