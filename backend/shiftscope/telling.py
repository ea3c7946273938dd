"""What the person who trains is told: a line on standard error, or a warning where something is lost."""

from __future__ import annotations

import contextlib
import sys
from warnings import warn


def tell(line: str) -> None:
    """Print a line on the standard error output; where there is none, nobody reads it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"shiftscope: {line}\n")
        sys.stderr.flush()


def caution(line: str) -> None:
    """Warn that something is lost. Where warnings are made errors it is printed: no training ends by it."""
    try:
        warn(line, RuntimeWarning, stacklevel=3)
    except RuntimeWarning:
        tell(line)
