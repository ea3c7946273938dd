"""A file that a scope writes: the training thread waits for no disk, and a full one ends the recording alone."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import open_recording
from shiftscope.sinks.file import FileSink, open_file
from shiftscope.sinks.queued import Closing
from shiftscope.wire.frames import RunHeader
from tests import producer
from tests.waiting import PATIENCE, eventually

WIDTH = 500
HEADER = RunHeader.model_validate(producer.header(WIDTH))
IN_A_SMALL_ROOM = """
import os, resource, sys, warnings
from pathlib import Path
import torch
import shiftscope

warnings.simplefilter("always")
model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
folder = Path(sys.argv[1])
scope = shiftscope.watch(model, optimizer=optimizer, to=folder / "run.shiftscope", schedule=shiftscope.every(1))
inputs = torch.linspace(-1, 1, 512).reshape(8, 64)
for step in range(3000):
    if step == 10:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    optimizer.zero_grad()
    model(inputs).square().mean().backward()
    optimizer.step()
scope.close()
print("trained", scope.steps_done)
"""


def test_a_full_disk_ends_the_recording_with_one_warning_and_nothing_else(tmp_path: Path) -> None:
    """No file may grow beyond a bound here, which SQLite meets as it meets a full disk."""
    command = [sys.executable, "-c", IN_A_SMALL_ROOM, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert "trained 3000" in done.stdout
    said = [line for line in done.stderr.splitlines() if "cannot be written" in line]
    assert len(said) == 1, done.stderr
    assert "Traceback" not in done.stderr
    with open_recording(tmp_path / "run.shiftscope") as recording:
        frames = recording.read()
    assert frames
    assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1))
    with sqlite3.connect(tmp_path / "run.shiftscope") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_disk_that_hangs_holds_up_neither_training_nor_its_end(tmp_path: Path) -> None:
    """Somebody else's lock on the file is such a disk: each write waits for it."""
    path = tmp_path / "run.shiftscope"
    size = len(producer.frame(1, WIDTH))
    sink = FileSink(path, queue_bytes=100 * size, closing=Closing(still=0.2, all=0.5, leave=0))
    sink.begin(HEADER)
    sink.frame(producer.frame(1, WIDTH))
    eventually(lambda: frames_in(path) == 1)
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    with pytest.warns(RuntimeWarning, match="frames are dropped"):
        send(sink, range(2, 300))
    with pytest.raises(RecordingError, match="the disk does not answer"):
        sink.end("finished", "")
    held.execute("ROLLBACK")
    held.close()


def test_what_was_dropped_is_counted_and_the_rest_is_numbered_through(tmp_path: Path) -> None:
    path = tmp_path / "run.shiftscope"
    size = len(producer.frame(1, WIDTH))
    sink = FileSink(path, queue_bytes=100 * size, closing=Closing(still=PATIENCE, all=PATIENCE))
    sink.begin(HEADER)
    sink.frame(producer.frame(1, WIDTH))
    eventually(lambda: frames_in(path) == 1)
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    with pytest.warns(RuntimeWarning, match="frames are dropped"):
        send(sink, range(2, 300))
    held.execute("ROLLBACK")
    held.close()
    eventually(lambda: frames_in(path) > 50)
    sink.frame(producer.frame(300, WIDTH))
    sink.end("finished", "")
    with open_recording(path) as recording:
        frames = recording.read()
        (told,) = [event for event in recording.journal() if event.code == "event.frames_dropped"]
    assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[-1].step == 300
    assert told.values["count"] == 300 - len(frames)
    assert (told.values["first"], told.values["last"]) == (frames[-2].step, 300)
    assert frames[-1].data[8:] == producer.frame(300, WIDTH)[8:]


def test_a_child_that_was_forked_off_writes_nothing(tmp_path: Path) -> None:
    sink = open_file(tmp_path / "run.shiftscope")
    sink.begin(HEADER)
    child = os.fork()
    if child == 0:
        sink.frame(producer.frame(1, WIDTH))
        sink.event("note", 1, "from the child")
        sink.flush()
        sink.end("failed", "the child ended")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    sink.frame(producer.frame(1, WIDTH))
    sink.end("finished", "")
    with open_recording(tmp_path / "run.shiftscope") as recording:
        assert recording.last_seq == 1
        assert [event.value for event in recording.journal()] == ["running", "finished"]


def send(sink: FileSink, seqs: range) -> None:
    for seq in seqs:
        sink.frame(producer.frame(seq, WIDTH))


def frames_in(path: Path) -> int:
    with open_recording(path) as recording:
        return recording.last_seq
