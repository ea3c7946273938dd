"""What docs/recording.md promises of the bytes of a file."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import zlib
from contextlib import closing
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shiftscope.recording.blocks import BlockEncoder, read_frames, read_heads
from shiftscope.recording.blocks import split as into_blocks
from shiftscope.recording.documents import Event, RecordingError, RunInfo
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.recording.writer import RecordingWriter
from shiftscope.wire.frames import Frame, LayoutBuilder, RunHeader, encode, split
from tests.conftest import REPOSITORY
from tests.recording.second_reader import Damaged, Reader

GOLDEN = REPOSITORY / "tests" / "golden"
PLACE = {"network": "a", "layer": "hidden 1", "site": "output"}


def header() -> RunHeader:
    steps, layers = LayoutBuilder(0, "steps"), LayoutBuilder(1, "layers")
    steps.add("loss", unit="nat", network="a")
    layers.add("mean", unit="1", **PLACE)
    layers.add("histogram", unit="fraction", shape=(16,), **PLACE)
    layers.add("deviations", unit="1", shape=(2, 8), **PLACE)
    return RunHeader(networks=(), layouts=(steps.build(), layers.build()))


def frames(count: int) -> list[Frame]:
    chance = np.random.default_rng(count)
    made = []
    for step in range(count):
        histogram = np.bincount(chance.integers(0, 16, 640), minlength=16) / 640
        row = np.concatenate([chance.random(1), histogram, chance.normal(size=16)]).astype(np.float32)
        made.append(encode(0, 2 * step + 1, step, step / 3, chance.random(1, np.float32)))
        made.append(encode(1, 2 * step + 2, step, step / 3, row))
    return [Frame.parse(data) for data in made]


def write(path: Path, count: int = 6) -> None:
    writer = RecordingWriter.create(path, RunInfo(id="r", name="first", source="script", created=1.0))
    writer.begin(header())
    for step, some in groupby(frames(count), key=lambda frame: frame.step // 2):
        writer.append(some)
        writer.log(Event(time=1.0, step=step, kind="note", message=f"note {step}"))
    writer.close()


def everything(recording: Recording) -> tuple[object, ...]:
    values = [recording.values("layers", name, **PLACE).tobytes() for name in ("mean", "histogram", "deviations")]
    return (
        recording.info, recording.header, list(recording.journal()), recording.last_seq, recording.read(),
        recording.read(5, 9), recording.outline(0, 12, 3), recording.steps("steps").tolist(), values,
    )  # fmt: skip


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_format_2_holds_the_bytes_of_format_1() -> None:
    paths = [GOLDEN / name / "run.shiftscope" for name in ("format-1", "format-2")]
    with open_recording(paths[0]) as old, open_recording(paths[1]) as new:
        assert (old.format, new.format) == (1, 2)
        assert new.read() == old.read()
        assert (new.info, new.header, list(new.journal())) == (old.info, old.header, list(old.journal()))
        assert new.sizes() == old.sizes()
        assert new.outline(3, 44, 2) == old.outline(3, 44, 2)
        assert new.read(7, 40, stride=3) == old.read(7, 40, stride=3)
        for name in old.layouts:
            assert new.steps(name).tolist() == old.steps(name).tolist()


@pytest.mark.parametrize("name", ["format-1", "format-2", "fresh"])
def test_a_reader_that_was_written_from_the_specification_reads_the_same(name: str, tmp_path: Path) -> None:
    path = GOLDEN / name / "run.shiftscope"
    if name == "fresh":
        path = tmp_path / "fresh.shiftscope"
        write(path)
    second = Reader(path)
    with open_recording(path) as recording:
        assert list(second.frames()) == [(frame.seq, frame.data) for frame in recording.read()]
        assert [seq for seq, _ in second.frames(after=5)] == [frame.seq for frame in recording.read(5)]
        assert [one["kind"] for one in second.texts("journal", "id").values()] == [e.kind for e in recording.journal()]
        assert second.texts("document", "key")["run"]["id"] == recording.info.id
        for stream, layout in recording.layouts.items():
            for entry in layout.entries[:: max(1, len(layout.entries) // 5)]:
                where = {"network": entry.network, "layer": entry.layer, "site": entry.site}
                steps, values = zip(*second.values(stream, quantity=entry.quantity, **where), strict=True)
                assert list(steps) == recording.steps(stream).tolist()
                ours = recording.values(stream, entry.quantity, **where)
                np.testing.assert_array_equal(np.array(values, np.float32).reshape(ours.shape), ours)


def test_the_second_reader_is_short_and_its_own() -> None:
    lines = (REPOSITORY / "tests" / "recording" / "second_reader.py").read_text().splitlines()
    assert len(lines) <= 100
    assert not [line for line in lines if "import" in line and ("shiftscope" in line or "numpy" in line)][1:]


def test_a_flipped_byte_is_noticed_or_does_no_harm(tmp_path: Path) -> None:
    good, path = tmp_path / "good.shiftscope", tmp_path / "flipped.shiftscope"
    write(good)
    with open_recording(good) as recording:
        right = everything(recording)
    data, chance = good.read_bytes(), random.Random(14)
    errors: list[str] = []
    for at in [*range(100), *chance.sample(range(100, len(data)), 200)]:
        flipped = bytearray(data)
        flipped[at] ^= chance.randrange(1, 256)
        path.write_bytes(flipped)
        try:
            with open_recording(path) as recording:
                assert everything(recording) == right, f"byte {at}"
        except RecordingError as error:
            errors.append(str(error))
    assert len(errors) > 50
    assert [error for error in errors if str(path) not in error] == []


def test_a_flipped_byte_of_a_frame_names_the_frame_and_spares_the_others(tmp_path: Path) -> None:
    path = tmp_path / "r.shiftscope"
    write(path)
    with closing(sqlite3.connect(path)) as connection:
        (data,) = connection.execute("SELECT data FROM blocks WHERE last = 8").fetchone()
    blob = path.read_bytes()
    at = blob.index(data) + len(data) - 70
    path.write_bytes(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :])
    with open_recording(path) as recording:
        assert [frame.seq for frame in recording.read(0, 4)] == [1, 2, 3, 4]
        assert [frame.seq for frame in recording.read(8)] == [9, 10, 11, 12]
        with pytest.raises(RecordingError, match=r"r.shiftscope is damaged: frames 5 to 8: frame [68] "):
            recording.read()
        assert recording.values("steps", "loss", network="a").size == 6
    with pytest.raises(Damaged, match=r"frame [68]"):
        list(Reader(path).frames())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM blocks WHERE last = 12", "it had frames 1 to 12"),
        ("DELETE FROM blocks WHERE last = 4", "it had frames 1 to 12"),
        ("DELETE FROM blocks WHERE last = 8", "frames 5 to 8 are missing"),
        ("DELETE FROM journal WHERE id = 2", "event 2 is missing"),
        ("DELETE FROM document WHERE key = 'header'", "header is missing"),
        ("UPDATE document SET body = replace(body, 'first', 'other')", "run is not as it was written"),
        ("UPDATE journal SET body = 'x' WHERE id = 3", "event 3 is not as it was written"),
        ("UPDATE journal SET body = x'00' WHERE id = 3", "is no text"),
        ("UPDATE seal SET body = 'x'", "event 1 is not as it was written"),
        ("UPDATE blocks SET heads = 7 WHERE last = 8", "frames 5 to 8 have no headers"),
        ("UPDATE blocks SET first = 'abc' WHERE last = 8", "abc"),
        ("DROP TABLE journal", "no such table"),
        ("UPDATE blocks SET data = 1.5 WHERE last = 12", "frames 9 to 12 have no rows"),
    ],
)
def test_what_is_missing_or_of_another_kind_is_named(statement: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "r.shiftscope"
    write(path)
    execute(path, statement)
    with pytest.raises(RecordingError, match=words), open_recording(path) as recording:
        everything(recording)


def test_a_block_that_inflates_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.shiftscope"
    write(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE blocks SET heads = ? WHERE last = 8", (zlib.compress(bytes(40_000_000)),))
    with pytest.raises(RecordingError, match="does not end where it should"), open_recording(path) as recording:
        recording.read()


@given(
    st.lists(
        st.one_of(
            arrays(np.uint32, 33, elements=st.integers(0, 2**32 - 1)).map(lambda bits: bits.view(np.float32)),
            arrays(np.int64, 33, elements=st.integers(0, 700)).map(lambda n: (n / 640).astype(np.float32)),
            arrays(np.int64, 33, elements=st.integers(0, 9)).map(lambda n: (n / 3).astype(np.float32)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_frames_come_out_of_blocks_as_they_went_in(rows: list[np.ndarray]) -> None:
    encoder = BlockEncoder()
    encoder.expect(header().layouts)
    for begin in (1, 100):
        given = [Frame.parse(encode(1, begin + i, i, float(i), row)) for i, row in enumerate(rows)]
        block = encoder.encode(given)
        assert read_frames(read_heads(block.heads), block.data) == given


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_headers_of_whatever_kind_give_frames_or_an_error(at: int, byte: int) -> None:
    encoder = BlockEncoder()
    encoder.expect(header().layouts)
    given = frames(3)
    block = encoder.encode(given)
    heads = bytearray(zlib.decompress(block.heads))
    heads[at % len(heads)] = byte
    try:
        found = read_frames(read_heads(zlib.compress(heads)), block.data)
    except ValueError:
        return
    assert found == given


def test_counts_take_half_the_bytes_and_blocks_have_a_bound() -> None:
    encoder = BlockEncoder()
    encoder.expect(header().layouts)
    (part,) = [one for one in read_heads(encoder.encode(frames(8)).heads).parts if one.stream == 1]
    assert [tuple(group) for group in part.groups] == [(1, 16, 640)]
    assert sum(part.planes[4:]) <= 2 * 8 * 16
    many = [Frame.parse(encode(0, seq, seq, 1.0, np.zeros(10_000, np.float32))) for seq in range(1, 30)]
    assert [len(some) for some in into_blocks(many)] == [6, 6, 6, 6, 5]


def test_a_recording_of_format_1_goes_on_in_its_format(tmp_path: Path) -> None:
    path = tmp_path / "run.shiftscope"
    shutil.copy(GOLDEN / "format-1" / "run.shiftscope", path)
    with open_recording(path) as recording:
        before, events = recording.read(), list(recording.journal())
    more = Frame.parse(encode(before[0].stream, before[-1].seq + 1, 7, 1.0, before[0].row))
    writer = RecordingWriter.open(path)
    writer.append([more])
    writer.log(events[0])
    writer.close()
    with open_recording(path) as recording:
        assert recording.format == 1
        assert recording.read() == [*before, more]
        assert list(recording.journal()) == [*events, events[0]]


def test_a_real_run_takes_less_room_than_on_the_wire(tmp_path: Path) -> None:
    kept = RunHeader.model_validate_json((GOLDEN / "run.json").read_text())
    message = (GOLDEN / "run.bin").read_bytes()
    real = list(split(message, {layout.stream: layout.frame_bytes for layout in kept.layouts}))
    encoder = BlockEncoder()
    encoder.expect(kept.layouts)
    blocks = [encoder.encode(list(some)) for _, some in groupby(real, key=lambda frame: frame.step)]
    assert sum(len(block.heads) + len(block.data) for block in blocks) < 0.75 * len(message)
    assert [frame for block in blocks for frame in read_frames(read_heads(block.heads), block.data)] == real


def test_what_a_writer_that_was_killed_leaves_is_read_without_a_seal(tmp_path: Path) -> None:
    path = tmp_path / "r.shiftscope"
    write(path)
    execute(path, "DELETE FROM seal", "DELETE FROM blocks WHERE last = 12")
    with open_recording(path) as recording:
        assert recording.last_seq == 8
        assert json.loads(recording.info.model_dump_json())["name"] == "first"
