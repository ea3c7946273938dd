"""How a process that trains one run and ends loads its libraries."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage while libraries are loaded, and for none among what they consist of ever after.

    There is none. To look for it again and again, and once more as the process ends, takes a good part of a short run.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
