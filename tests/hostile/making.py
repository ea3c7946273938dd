"""Makes a small good recording of either format, and changes it as a stranger with a hex editor would."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from shiftscope.recording.documents import APPLICATION_ID, Event, RunInfo
from shiftscope.recording.schema import TABLES
from shiftscope.recording.texts import checksum
from shiftscope.recording.writer import RecordingWriter
from shiftscope.wire.frames import Frame, LayoutBuilder, RunHeader, encode

Maker = Callable[[Path], None]
"""Makes one hostile file at a path."""

PLACE = {"network": "a", "layer": "hidden 1", "site": "output"}
FORMATS = (1, 2)


def header() -> RunHeader:
    steps, layers = LayoutBuilder(0, "steps"), LayoutBuilder(1, "layers")
    steps.add("loss", unit="nat", network="a")
    layers.add("mean", unit="1", **PLACE)
    layers.add("histogram", unit="fraction", shape=(16,), **PLACE)
    network = {"name": "a", "layers": [{"name": "hidden 1", "features": 4}]}
    layouts = [layers.build().model_dump(), steps.build().model_dump()]
    return RunHeader.model_validate({"networks": [network], "layouts": layouts, "total_steps": 4})


def frames(count: int = 4) -> list[Frame]:
    row = np.arange(17, dtype=np.float32) / 136
    made = []
    for step in range(count):
        made.append(Frame.parse(encode(0, 2 * step + 1, step, 1.0 + step, row[:1] + step)))
        made.append(Frame.parse(encode(1, 2 * step + 2, step, 1.0 + step, row)))
    return made


def events() -> list[Event]:
    states = ("preparing", "running", "finished")
    return [Event(time=2.0 + at, step=at, kind="state", value=state) for at, state in enumerate(states)]


def good(path: Path, version: int = 2) -> None:
    """Write a finished run of eight frames, whose id is the file's name."""
    path.write_bytes(_good(path.stem, version))


@cache
def _good(run: str, version: int) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "good"
        info = RunInfo(id=run, name=f"run of {run}", source="script", created=1000.0)
        (_format_1 if version == 1 else _format_2)(path, info)
        return path.read_bytes()


def _format_2(path: Path, info: RunInfo) -> None:
    writer = RecordingWriter.create(path, info)
    writer.begin(header())
    for at in range(0, 8, 4):
        writer.append(frames()[at : at + 4])
    for event in events():
        writer.log(event)
    writer.close()


def _format_1(path: Path, info: RunInfo) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;")
        connection.executescript(";".join(TABLES[1].values()))
        documents = {"run": info, "header": header()}
        connection.executemany(
            "INSERT INTO document VALUES (?, ?)", [(key, one.model_dump_json()) for key, one in documents.items()]
        )
        connection.executemany("INSERT INTO frames (stream, seq, step, time, data) VALUES (?, ?, ?, ?, ?)", frames())
        connection.executemany("INSERT INTO journal (body) VALUES (?)", [(e.model_dump_json(),) for e in events()])


def run_sql(path: Path, *statements: str | tuple[str, Sequence[Any]]) -> None:
    """Change a file by SQL, in the way of somebody who may write what they please into its schema, too."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("PRAGMA synchronous = OFF")
        for statement in statements:
            connection.execute(*((statement,) if isinstance(statement, str) else statement))


def sql(version: int, *statements: str | tuple[str, Sequence[Any]]) -> Maker:
    """Return what makes a good recording and changes it."""

    def make(path: Path) -> None:
        good(path, version)
        run_sql(path, *statements)

    return make


def document(version: int, key: str, body: Any) -> Maker:
    """Return what gives a recording another document, with its checksum: a value, or a text as it is."""

    def make(path: Path) -> None:
        good(path, version)
        text = body if isinstance(body, str) else json.dumps(body(_read(path, key)) if callable(body) else body)
        crc = () if version == 1 else (checksum(key, text),)
        run_sql(path, (f"REPLACE INTO document VALUES ({', '.join('?' * (2 + len(crc)))})", (key, text, *crc)))

    return make


def event(version: int, body: Any) -> Maker:
    """Return what adds an event to a recording, with its checksum: members, or a text as it is."""

    def make(path: Path) -> None:
        good(path, version)
        text = body if isinstance(body, str) else json.dumps({"time": 9.0, "step": 3, "kind": "note", **body})
        crc = () if version == 1 else (checksum(4, text),)
        run_sql(path, (f"INSERT INTO journal VALUES ({', '.join('?' * (2 + len(crc)))})", (4, text, *crc)))

    return make


def without_rules(version: int, table: str, *statements: str | tuple[str, Sequence[Any]]) -> Maker:
    """Return what changes a table while nothing of it must be there, and then says of it what it said before."""

    def make(path: Path) -> None:
        good(path, version)
        was = TABLES[version][table]
        # In one connection after the other: a schema is read once in each.
        run_sql(path, ("UPDATE sqlite_master SET sql = ? WHERE name = ?", (was.replace(" NOT NULL", ""), table)))
        run_sql(path, *statements)
        run_sql(path, ("UPDATE sqlite_master SET sql = ? WHERE name = ?", (was, table)))

    return make


def _read(path: Path, key: str) -> Any:
    with closing(sqlite3.connect(path)) as connection:
        (body,) = connection.execute("SELECT body FROM document WHERE key = ?", (key,)).fetchone()
    return json.loads(body)
