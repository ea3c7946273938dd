"""How tests wait: for a state, asked for again and again; never for a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = float(os.environ.get("SHIFTSCOPE_PATIENCE", "300"))
"""Seconds that something may take on a machine with other work. What is slow is measured in benchmarks/."""


def eventually(look: Callable[[], T], what: str | Callable[[], object] = "", *, every: float = 0.02) -> T:
    """Return what `look` returns once that is true; `what` (or what it returns) says what was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what() if callable(what) else what or look}"
        time.sleep(every)
    return found
