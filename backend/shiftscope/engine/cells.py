"""Which cell of a notebook is being run, so that one that is run again replaces what it made before."""

from __future__ import annotations

import sys
from typing import NamedTuple


class Cell(NamedTuple):
    """A cell while it is run: `source` is the same each time, `run` is not."""

    source: str
    run: int


def current_cell() -> Cell | None:
    """Return the cell that is run; None outside of IPython's notebooks and consoles."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    history = getattr(shell, "history_manager", None)
    typed = getattr(history, "input_hist_raw", None)
    if shell is None or not typed:
        return None
    return Cell(str(typed[-1]), int(shell.execution_count))
