"""What a recording takes: bytes by stream, the whole file, and how fast it is opened and read, in formats 1 and 2.

python benchmarks/recording_size.py [FILE] [--steps-a-block N] [--json]

FILE is any recording; without one, the default run is trained first. Its frames are written anew in both formats.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from shiftscope.config import RunConfig
from shiftscope.recording.blocks import read_heads
from shiftscope.recording.documents import APPLICATION_ID, RunInfo
from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter
from shiftscope.wire.frames import Frame, RunHeader

ROUNDS = 5
FORMAT_1 = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
CREATE TABLE document (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE frames (seq INTEGER PRIMARY KEY, stream INTEGER NOT NULL, step INTEGER NOT NULL, time REAL NOT NULL,
                     data BLOB NOT NULL);
CREATE TABLE journal (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
"""


def default_run(path: Path) -> None:
    """Train the default run into a file."""
    from shiftscope.runs.controls import Controls  # noqa: PLC0415  torch is loaded only where something is trained
    from shiftscope.runs.train import train  # noqa: PLC0415
    from shiftscope.sinks.file import FileSink  # noqa: PLC0415

    config = RunConfig()
    sink = FileSink(path, config=config)
    train(config, sink, datasets=path.parent, controls=Controls(), waiting=lambda *_: None)


def write(path: Path, info: RunInfo, header: RunHeader, frames: list[Frame], steps: int) -> float:
    """Write frames, as many steps at a time as given; return the seconds of the processor that it took."""
    writer = RecordingWriter.open(path) if path.exists() else RecordingWriter.create(path, info)
    if open_header(path) is None:
        writer.begin(header)
    begin = time.process_time()
    for _, some in groupby(frames, key=lambda frame: frame.step // steps):
        writer.append(some)
    took = time.process_time() - begin
    writer.close()
    return took


def open_header(path: Path) -> RunHeader | None:
    with open_recording(path) as recording:
        return recording.header


def empty_of_format_1(path: Path, info: RunInfo) -> None:
    """Make a file as earlier versions made it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(FORMAT_1)
        connection.execute("INSERT INTO document VALUES ('run', ?)", (info.model_dump_json(),))


def best(what: Callable[[], object]) -> float:
    """Return the fewest seconds of the processor that something took."""
    found = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        what()
        found.append(time.process_time() - begin)
    return min(found)


def read_whole(path: Path) -> None:
    with open_recording(path) as recording:
        after = 0
        while frames := recording.read(after, max_bytes=512 * 1024):  # as a viewer's socket does
            after = frames[-1].seq


def read_one(path: Path, stream: str, quantity: str, network: str) -> None:
    with open_recording(path) as recording:
        recording.values(stream, quantity, network=network)


def stored(path: Path, names: dict[int, str]) -> dict[str, int]:
    """Return the bytes of each stream's rows in a file of format 2, and those of the headers."""
    result: dict[str, int] = {}
    with closing(sqlite3.connect(path)) as connection:
        for (packed,) in connection.execute("SELECT heads FROM blocks"):
            result["(headers)"] = result.get("(headers)", 0) + len(packed)
            for part in read_heads(packed).parts:
                name = names[part.stream]
                result[name] = result.get(name, 0) + sum(part.planes)
    return result


def measure(source: Path, folder: Path, steps: int) -> dict[str, Any]:
    with open_recording(source) as recording:
        info, header, frames = recording.info, recording.header, recording.read()
        sizes = {name: sum(room.values()) for name, room in recording.sizes().items()}
    if header is None:
        raise SystemExit(f"{source} holds no frames")
    wire = sum(len(frame.data) for frame in frames)
    paths = {1: folder / "1.shiftscope", 2: folder / "2.shiftscope"}
    empty_of_format_1(paths[1], info)
    formats = {}
    network = header.networks[0].name
    for number, path in paths.items():
        wrote = write(path, info, header, frames, steps)
        formats[number] = {
            "MB": path.stat().st_size / 1e6,
            "write_MB_per_s": wire / 1e6 / wrote,
            "read_MB_per_s": wire / 1e6 / best(lambda path=path: read_whole(path)),  # type: ignore[misc]
            "open_ms": 1e3 * best(lambda path=path: open_recording(path).close()),  # type: ignore[misc]
            "loss_ms": 1e3 * best(lambda path=path: read_one(path, "steps", "loss", network)),  # type: ignore[misc]
        }
    room = stored(paths[2], {layout.stream: layout.name for layout in header.layouts})
    return {
        "frames": len(frames), "wire_MB": wire / 1e6, "formats": formats,
        "streams": {name: {"wire": size, "stored": room.get(name, 0)} for name, size in sizes.items()},
        "headers": room["(headers)"],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--steps-a-block", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = given.file or Path(folder) / "run.shiftscope"
        if given.file is None:
            default_run(source)
        found = measure(source, Path(folder), given.steps_a_block)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{found['frames']} frames, {found['wire_MB']:.1f} MB on the wire; {given.steps_a_block} steps a block")
    for name, room in sorted(found["streams"].items(), key=lambda one: -one[1]["wire"]):
        print(f"  {name:16}{room['wire'] / 1e6:8.2f} MB ->{room['stored'] / 1e6:8.2f} MB")
    print(f"  {'(headers)':16}{'':11} ->{found['headers'] / 1e6:8.2f} MB")
    print("format      file      write       read    open   values of one loss")
    for number, row in found["formats"].items():
        print(
            f"{number:6}{row['MB']:7.2f} MB{row['write_MB_per_s']:6.0f} MB/s{row['read_MB_per_s']:6.0f} MB/s"
            f"{row['open_ms']:5.1f} ms{row['loss_ms']:8.1f} ms"
        )


if __name__ == "__main__":
    main()
