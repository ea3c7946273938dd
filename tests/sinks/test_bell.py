"""A bell wakes who waits, and is closed by whoever lets go of it last."""

from __future__ import annotations

import gc
import warnings

from shiftscope.sinks.bell import Bell


def test_it_wakes_who_waits() -> None:
    bell = Bell()
    bell.ring()
    assert not bell.wait(60)  # at once; of no other connection there is anything


def test_nobody_has_to_close_it() -> None:
    gc.collect()  # what other tests left behind warns when it is collected
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        bell = Bell()
        del bell
        gc.collect()
    assert not [str(one.message) for one in seen if "socket" in str(one.message)]
