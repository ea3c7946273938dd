from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import shiftscope
from shiftscope.config import RunConfig
from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import Event, RecordingError, RunInfo
from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter, settle
from shiftscope.wire.frames import Frame, LayoutBuilder, RunHeader, encode
from tests import producer
from tests.conftest import REPOSITORY


def header() -> RunHeader:
    steps, layers = LayoutBuilder(0, "steps"), LayoutBuilder(1, "layers")
    steps.add("loss", unit="nat", network="a")
    layers.add("mean", unit="1", network="a", layer="hidden 1", site="output")
    layers.add(
        "quantiles", unit="1", network="a", layer="hidden 1", site="output", shape=(3,), coordinates=(15, 50, 85)
    )
    return RunHeader(networks=(), layouts=(steps.build(), layers.build()), total_steps=None)


def make(path: Path) -> RecordingWriter:
    info = RunInfo(id="r1", name="first", source="script", created=1.0, config=RunConfig())
    return RecordingWriter.create(path, info)


def frames(count: int) -> list[Frame]:
    result = []
    for index in range(count):
        result.append(Frame.parse(encode(0, 2 * index + 1, index, 1.0, np.array([index], np.float32))))
        result.append(Frame.parse(encode(1, 2 * index + 2, index, 1.0, np.array([index, 1, 2, np.nan], np.float32))))
    return result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "r1.shiftscope"
    recorder = make(path)
    recorder.begin(header())
    recorder.append(frames(5))
    recorder.log(Event(time=2.0, step=4, kind="diverged", message="at last", network="a"))
    recorder.close()
    return path


def test_values_by_network_layer_site_and_quantity(path: Path) -> None:
    with shiftscope.open_recording(path) as recording:
        assert recording.info.config == RunConfig()
        assert recording.last_seq == 10
        assert recording.steps("layers").tolist() == [0, 1, 2, 3, 4]
        assert recording.values("steps", "loss", network="a").tolist() == [0, 1, 2, 3, 4]
        quantiles = recording.values("layers", "quantiles", network="a", layer="hidden 1", site="output")
        assert quantiles.shape == (5, 3)
        np.testing.assert_array_equal(quantiles, [[1, 2, np.nan]] * 5)
        assert [event.message for event in recording.journal()] == ["at last"]


def test_a_header_that_comes_or_is_laid_out_anew_is_seen_by_who_reads_already(tmp_path: Path) -> None:
    recorder = make(tmp_path / "r1.shiftscope")
    with open_recording(tmp_path / "r1.shiftscope") as recording:
        assert recording.header is None
        recorder.begin(header())
        assert recording.header == header()
        assert recording.header is recording.header
        again = header().layouts[0].model_dump(mode="json") | {"revision": 1}
        recorder.log(Event(time=2.0, step=4, kind="layouts", value={"layouts": [again]}))
        assert recording.header is not None
        assert [layout.revision for layout in recording.header.layouts] == [0, 0, 1]
        recorder.close()


def test_what_is_not_there_says_what_is(path: Path) -> None:
    with open_recording(path) as recording:
        with pytest.raises(KeyError, match="it has steps, layers"):
            recording.steps("drift")
        with pytest.raises(KeyError, match="it stands at a / hidden 1 / output / mean"):
            recording.values("layers", "mean", network="b", layer="hidden 1", site="output")
        with pytest.raises(KeyError, match="known are mean, quantiles"):
            recording.values("layers", "median")


def test_read_from_a_cursor(path: Path) -> None:
    with open_recording(path) as recording:
        assert [f.seq for f in recording.read(7)] == [8, 9, 10]
        assert [f.seq for f in recording.read(0, 4)] == [1, 2, 3, 4]
        assert [f.seq for f in recording.read(0, stride=5)] == [5, 10]
        assert [f.seq for f in recording.read(0, max_bytes=28 + 40)] == [1, 2]
        assert [f.seq for f in recording.read(0, max_bytes=1)] == [1]
        assert b"".join(f.data for f in recording.read()) == b"".join(f.data for f in frames(5))


def test_says_what_takes_the_room(path: Path) -> None:
    with open_recording(path) as recording:
        assert recording.sizes() == {
            "steps": {"(headers)": 5 * 24, "loss": 5 * 4},
            "layers": {"(headers)": 5 * 24, "quantiles": 5 * 12, "mean": 5 * 4},
        }


def test_a_closed_recording_is_one_file_that_can_be_read_where_nothing_can_be_written(path: Path) -> None:
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.read_bytes()[18:20] == b"\1\1", "the header still asks for a write-ahead log"


def test_a_reader_holds_up_settling_only_as_long_as_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "r.shiftscope"
    recorder = make(path)
    recorder.begin(header())
    recorder.append(frames(3))
    with open_recording(path) as reader:
        assert reader.last_seq == 6
        recorder.close()
        assert reader.last_seq == 6
        assert not settle(path)
    assert settle(path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_copy_of_a_growing_recording_is_whole(tmp_path: Path) -> None:
    recorder = make(tmp_path / "r.shiftscope")
    recorder.begin(header())
    recorder.append(frames(3))
    with open_recording(tmp_path / "r.shiftscope") as recording:
        recording.copy(tmp_path / "copy.shiftscope")
    recorder.append([Frame.parse(encode(0, 7, 9, 1.0, np.ones(1, np.float32)))])
    with open_recording(tmp_path / "copy.shiftscope") as copy:
        assert copy.last_seq == 6
    assert not (tmp_path / "copy.shiftscope-wal").exists()
    recorder.close()


def test_readers_follow_a_writer_in_another_thread(tmp_path: Path) -> None:
    path = tmp_path / "r.shiftscope"
    recorder = make(path)
    recorder.begin(header())

    def write() -> None:
        for seq in range(1, 301):
            recorder.append([Frame.parse(encode(0, seq, seq, 1.0, np.array([seq], np.float32)))])

    writing = threading.Thread(target=write)
    with open_recording(path) as recording:
        writing.start()
        seen: list[int] = []
        while len(seen) < 300:
            seen += [frame.seq for frame in recording.read(seen[-1] if seen else 0)]
        writing.join()
    assert seen == list(range(1, 301))
    recorder.close()


def test_frames_are_added_all_or_none(tmp_path: Path) -> None:
    recorder = make(tmp_path / "r.shiftscope")
    first = frames(2)
    recorder.append(first)
    with pytest.raises(RecordingError, match="frame 1 follows on 5"):
        recorder.append([Frame.parse(encode(0, 5, 3, 1.0, np.ones(1, np.float32))), first[0]])
    with open_recording(tmp_path / "r.shiftscope") as recording:
        assert recording.last_seq == 4
    recorder.close()
    with pytest.raises(RecordingError, match="cannot be written"):
        recorder.append(frames(1))


def test_what_was_appended_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "r.shiftscope"
    program = (
        "import sys, os, signal; from pathlib import Path; from tests import producer\n"
        "from tests.recording.test_recording import *\n"
        "r = make(Path(sys.argv[1])); r.begin(RunHeader.model_validate(producer.header()))\n"
        "r.append([Frame.parse(producer.frame(seq)) for seq in range(1, 101)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], cwd=REPOSITORY, check=False)
    assert done.returncode == -signal.SIGKILL
    with open_recording(path) as recording:
        kept = hashlib.sha256(b"".join(f.data for f in recording.read())).digest()
    assert kept == hashlib.sha256(b"".join(map(producer.frame, range(1, 101)))).digest()


def test_a_recording_cut_off_in_mid_writing_can_be_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    """As for a user that may only read: nothing may be made beside the file."""
    recorder = make(tmp_path / "r.shiftscope")
    recorder.append(frames(3))
    with closing(sqlite3.connect(recorder.path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = tmp_path / "read-only"
    folder.mkdir()
    (folder / "r.shiftscope").write_bytes((tmp_path / "r.shiftscope").read_bytes())
    recorder.close()
    (folder / "r.shiftscope-shm").mkdir()  # not even root could make that file now
    with open_recording(folder / "r.shiftscope") as recording:
        assert recording.last_seq == 6


def test_files_that_are_not_recordings(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no recording"):
        open_recording(tmp_path / "none.shiftscope")
    (tmp_path / "text").write_text("not a database, but long enough to look like one " * 20)
    with pytest.raises(RecordingError, match="is not a recording"):
        open_recording(tmp_path / "text")
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(RecordingError, match="an SQLite file, but not"):
        open_recording(tmp_path / "other")
    make(tmp_path / "newer").close()
    with sqlite3.connect(tmp_path / "newer") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(RecordingError, match="format 99"):
        open_recording(tmp_path / "newer")
    with pytest.raises(RecordingError, match="cannot be made"):
        make(tmp_path / "newer")


def test_a_journal_of_before_there_were_codes_is_read_as_plain_text() -> None:
    old = '{"time":1.0,"step":4,"kind":"state","message":"the server ended","network":"","layer":"","value":"failed"}'
    event = Event.model_validate_json(old)
    assert event.notice == Notice(text="the server ended")
    # and what is written now holds the text where an earlier program looks for it
    said = Event.saying(notice("end.script_left"), time=1.0, step=4, kind="state", value="interrupted")
    assert json.loads(said.model_dump_json())["message"] == "its script closed the connection"
