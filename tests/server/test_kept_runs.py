"""What a server keeps in memory of runs that have ended."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import WebSocket, WebSocketDisconnect

from shiftscope.server import store as store_module
from shiftscope.server.run_state import RunState
from shiftscope.server.socket_producer import SocketProducer
from shiftscope.server.store import RunStore
from shiftscope.wire.frames import RunHeader
from tests.alone import run_alone
from tests.waiting import PATIENCE


def header(entries: int) -> RunHeader:
    shared: dict[str, Any] = {"network": "a", "site": "output", "unit": "1", "shape": [], "coordinates": None}
    laid = [shared | {"layer": f"hidden {at}", "quantity": "mean", "offset": at} for at in range(entries)]
    return RunHeader.model_validate({
        "networks": [{"name": "a", "layers": []}], "layouts": [{"stream": 1, "name": "layers", "entries": laid}],
    })  # fmt: skip


async def ended(store: RunStore, entries: int) -> str:
    run = store.create("a run", "script", None)
    await run.move(RunState.PREPARING)
    await run.begin(header(entries))
    await run.move(RunState.FINISHED)
    return run.id


@pytest.mark.parametrize(
    ("entries", "kept"), [([1] * 20, 12), ([8] * 5, 2), ([100, 8, 8], 2), ([8, 8, 100], 1), ([100, 100], 1)]
)
def test_runs_of_many_entries_are_let_go_sooner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: list[int], kept: int
) -> None:
    """What is kept is looked through for garbage while everybody waits."""
    monkeypatch.setattr(store_module, "KEPT_ENTRIES", 20)
    store = RunStore.open(tmp_path)
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    names = []
    for count in entries:
        names.append(run_alone(ended(store, count)))
        alive.add(store.get(names[-1]))
    gc.collect()
    assert len(alive) == kept
    found = [store.get(name) for name in names]
    assert [one.entries for one in found if one] == entries, "they are read again for who asks"
    store.close()


def test_what_a_producer_held_goes_with_it() -> None:
    """And not when garbage is looked for: with the header of its run that takes long."""

    class Held:
        """What the connection knows."""

    async def left() -> None:
        held = Held()
        gone = asyncio.Event()
        weakref.finalize(held, gone.set)

        async def listening(knows: Held) -> None:
            raise WebSocketDisconnect

        producer = SocketProducer(cast("WebSocket", None))
        with suppress(WebSocketDisconnect):
            await producer.listen(listening(held))
        del held, producer
        await asyncio.wait_for(gone.wait(), PATIENCE)

    gc.collect()
    gc.disable()
    try:
        run_alone(left())
    finally:
        gc.enable()
