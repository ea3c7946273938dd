"""Somebody takes away the recording of a run that is under way, or makes it impossible to write."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from shiftscope.recording.database import beside
from shiftscope.recording.documents import RecordingError, RunInfo
from shiftscope.recording.writer import RecordingWriter
from shiftscope.server.store import RunStore, views
from tests import producer
from tests.conftest import LiveServer, serve
from tests.hostile.making import events, frames, good, header
from tests.producer import Producer


def begun(server: LiveServer) -> Producer:
    """Return what feeds a run that is running, with 20 frames."""
    made = Producer(server.url)
    made.begin()
    made.socket.send(b"".join(producer.frame(seq) for seq in range(1, 21)))
    made.wait_for_acknowledgement(20)
    return made


def heard_to_the_end(feeding: Producer) -> list[dict[str, Any]]:
    """Return what a producer still hears until its connection is closed."""
    found = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            found.append(feeding.hear())
    return found


def removed(server: LiveServer, feeding: Producer, closed: set[int]) -> None:
    """Check that the run has failed with the reason, and that nothing more is acknowledged."""
    run = server.wait(feeding.run, "failed")
    assert run["reason"]["code"] == "end.recording_removed"
    assert [message["seq"] for message in heard_to_the_end(feeding) if message["type"] == "acknowledged"] == []
    assert feeding.socket.close_code in closed


def test_a_run_whose_recording_is_removed_fails_with_that_reason(tmp_path: Path) -> None:
    with serve(tmp_path / "runs") as server:
        with begun(server) as silent, begun(server) as sending:
            for feeding in (silent, sending):
                (server.data / f"{feeding.run}.shiftscope").unlink()
            sending.socket.send(producer.frame(21))
            removed(server, sending, {1013, 4410})
            removed(server, silent, {4410})
        trained = server.start(config={"pace": 20, "duration": {"kind": "steps", "steps": 5000}})["id"]
        server.wait_for_step(trained, 3)
        shutil.rmtree(server.data)
        run = server.wait(trained, "failed")
        assert run["reason"]["code"] == "end.recording_removed"
        assert {one["state"] for one in server.client.get("/api/runs").json()} == {"failed"}


def test_a_run_that_cannot_be_written_is_listed_with_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RecordingWriter.create(tmp_path / "a.shiftscope", RunInfo(id="a", name="a", source="worker", created=1.0))
    writer.begin(header())
    writer.append(frames())
    writer.log(events()[1])
    good(tmp_path / "b.shiftscope")

    def refuse(path: Path) -> RecordingWriter:
        raise RecordingError(f"{path} cannot be written: no space left on device")

    monkeypatch.setattr(RecordingWriter, "open", refuse)
    (tmp_path / "index.sqlite").mkdir()
    store = RunStore.open(tmp_path)
    found = {key: store.listed(key) for key in ("a", "b")}
    assert {key: one and one.view.state.value for key, one in found.items()} == {"a": "interrupted", "b": "finished"}
    store.close()
    writer.close()


def test_the_log_of_a_finished_run_is_folded_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "a.shiftscope"
    source = tmp_path / "source"
    writer = RecordingWriter.create(source, RunInfo(id="a", name="a", source="worker", created=1.0))
    writer.begin(header())
    writer.append(frames())
    for event in events():
        writer.log(event)
    for new, old in zip((path, *beside(path)), (source, *beside(source)), strict=True):
        shutil.copyfile(old, new)  # as a killed server leaves them
    writer.close()
    source.unlink()
    store = RunStore.open(tmp_path)
    listed = store.listed("a")
    assert listed is not None
    assert (listed.view.state.value, listed.view.seq) == ("finished", 8)
    assert not beside(path)[0].exists()
    store.close()


def test_a_recording_that_is_replaced_or_removed_meanwhile_is_listed_as_it_is(tmp_path: Path) -> None:
    for name in "ab":
        good(tmp_path / f"{name}.shiftscope")
    RunStore.open(tmp_path).close()
    store = RunStore.open(tmp_path)
    (tmp_path / "a.shiftscope").unlink()
    writer = RecordingWriter.create(
        tmp_path / "a.shiftscope", RunInfo(id="a", name="another", source="worker", created=1.0)
    )
    writer.log(events()[-1])
    writer.close()
    os.utime(tmp_path / "a.shiftscope", (1, 1))
    (tmp_path / "b.shiftscope").unlink()
    found = store.listed("a")
    assert found is not None
    assert found.view.name == "another"
    assert store.listed("b") is None
    # Also of one that is in memory.
    held = store.get("a")
    assert held is not None
    good(tmp_path / "b.shiftscope")
    (tmp_path / "b.shiftscope").rename(tmp_path / "a.shiftscope")
    os.utime(tmp_path / "a.shiftscope", (2, 2))
    assert store.get("a") is not held
    assert [view.name for view in views(store, ["a", "b"])] != ["another"]
    (tmp_path / "a.shiftscope").unlink()
    assert views(store, ["a", "b"]) == []
    store.close()


def test_the_index_is_not_trusted_and_made_anew(tmp_path: Path) -> None:
    good(tmp_path / "a.shiftscope")
    good(tmp_path / "b.shiftscope")
    index = tmp_path / "index.sqlite"
    RunStore.open(tmp_path).close()
    whole = index.read_bytes()
    broken = (b"", b"no database " * 300, whole[:3000], whole.replace(b'"state"', b'"stake"'), whole)
    for content in broken:
        index.write_bytes(content)
        store = RunStore.open(tmp_path)
        found = [store.listed(key) for key in ("a", "b")]
        assert [one and one.view.state.value for one in found] == ["finished", "finished"]
        store.close()
    (tmp_path / "b.shiftscope").unlink()
    store = RunStore.open(tmp_path)
    assert [one.key for one in store.entries()] == ["a"]
    store.close()
