"""Where recordings lie, unless somebody names another place."""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path("data/runs")
"""The folder of recordings, from where a program is started."""

SPOOL = "spool"
"""The folder below it of what could not be sent yet."""

CHECKPOINTS = "checkpoints"
"""The folder below it of states that runs are about to go on from."""


def recordings_folder() -> Path:
    """Return the folder that SHIFTSCOPE_DATA names, or else the server's default."""
    return Path(os.environ.get("SHIFTSCOPE_DATA") or DATA)
