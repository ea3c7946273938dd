"""Loaded by every Python whose path this folder is on: a clock that whoever started it can move (chaos.py).

The file that SHIFTSCOPE_MOVED_CLOCK names holds the seconds by which time.time() is wrong; time.monotonic() is right.
"""

import os
import time
from pathlib import Path

_true = time.time


def _moved() -> float:
    try:
        return _true() + float(Path(os.environ["SHIFTSCOPE_MOVED_CLOCK"]).read_text())
    except (KeyError, OSError, ValueError):
        return _true()


time.time = _moved
