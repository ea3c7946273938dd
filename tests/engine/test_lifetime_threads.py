"""What is watched goes with its network, and no thread sees how."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from weakref import ref

import pytest
from torch import nn

import shiftscope
from shiftscope.scope import Scope


def _in_another_thread(act: Callable[[], object]) -> None:
    thread = Thread(target=act)
    thread.start()
    thread.join()


def _held_while_collecting(network: nn.Module, collect: Callable[[], object]) -> list[str]:
    """Return what a network holds, besides its own, in the midst of a collection."""
    before, found = set(vars(network)), []

    def look(phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            found.extend(sorted(set(vars(network)) - before))

    gc.callbacks.append(look)
    try:
        collect()
    finally:
        gc.callbacks.remove(look)
    return found


def test_a_collection_in_another_thread_leaves_the_network_alone(tmp_path: Path) -> None:
    network = nn.Linear(2, 2)
    scope = shiftscope.watch(network, to=tmp_path / "run.shiftscope")
    assert _held_while_collecting(network, gc.collect)  # in this thread it holds what watches it
    assert not _held_while_collecting(network, lambda: _in_another_thread(gc.collect))
    scope.close()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["by this thread", "by one that has ended"])
def test_what_watches_goes_with_the_network(elsewhere: bool, tmp_path: Path) -> None:
    kept: list[ref[Scope]] = []

    def watch() -> None:
        kept.append(ref(shiftscope.watch(nn.Linear(2, 2), to=tmp_path / "run.shiftscope")))

    if elsewhere:
        _in_another_thread(watch)
    else:
        watch()
    gc.collect()
    assert kept[0]() is None
