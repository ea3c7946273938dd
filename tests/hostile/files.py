"""Makers of files that are wrong as a whole: cut, mixed up, not files at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from shiftscope.recording.documents import RunInfo
from shiftscope.recording.writer import RecordingWriter
from tests.hostile.making import Maker, frames, good, header, run_sql


def changed(change: Callable[[bytearray], bytes | bytearray]) -> Maker:
    """Return what changes the bytes of a good recording."""

    def make(path: Path) -> None:
        good(path)
        path.write_bytes(change(bytearray(path.read_bytes())))

    return make


def patched(at: int, new: bytes) -> Maker:
    def change(data: bytearray) -> bytearray:
        data[at : at + len(new)] = new
        return data

    return changed(change)


def _written(content: bytes) -> Maker:
    return lambda path: path.write_bytes(content) and None


def _zeros_inside(data: bytearray) -> bytearray:
    data[2048:-1024] = bytes(len(data) - 3072)
    return data


def _circle(path: Path) -> None:
    """A table whose pages are each other's children: walking through it never ends."""
    good(path)
    run_sql(path, "INSERT INTO journal SELECT id + 10, hex(zeroblob(300)), 0 FROM journal", "PRAGMA wal_checkpoint")
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal'").fetchone()
    data = bytearray(path.read_bytes())
    size = struct.unpack(">H", data[16:18])[0]
    pages = len(data) // size
    for level in range(12):  # each level has the next one as each of its children; the last is a leaf
        here, below = (root if level == 0 else pages + level), pages + level + 1
        cells = 100
        page = struct.pack(">BHHHBI", 5, 0, cells, size - cells * 6, 0, below)
        places = b"".join(struct.pack(">H", size - (at + 1) * 6) for at in range(cells))
        room = bytes(size - len(page) - len(places) - cells * 6)
        content = page + places + room + struct.pack(">IBB", below, 1, 0) * cells
        data[(here - 1) * size : here * size] = content
    leaf = struct.pack(">BHHHB", 13, 0, 1, size - 8, 0) + struct.pack(">H", size - 8)
    data[(pages + 12) * size :] = leaf + bytes(size - len(leaf) - 8) + bytes([5, 1, 4, 0, 15, 0, 65, 0])
    struct.pack_into(">I", data, 28, len(data) // size)
    path.write_bytes(data)


def _open(path: Path) -> RecordingWriter:
    writer = RecordingWriter.create(path, RunInfo(id=path.stem, name="begun", source="script", created=1.0))
    writer.begin(header())
    writer.append(frames())
    return writer


def _without_its_log(path: Path) -> None:
    """A copy of the file alone, as it was while it was being written."""
    source = path.with_name("source")
    writer = _open(source)
    shutil.copyfile(source, path)
    writer.close()
    source.unlink()


def _with_log(content: bytes) -> Maker:
    def make(path: Path) -> None:
        _without_its_log(path)
        path.with_name(path.name + "-wal").write_bytes(content)

    return make


def _log_is_a_pipe(path: Path) -> None:
    _without_its_log(path)
    os.mkfifo(path.with_name(path.name + "-wal"))


def _beside(ending: str, make: Callable[[Path], object], own: Maker = good) -> Maker:
    """Return what makes a recording beside which something is no file that SQLite looks for."""

    def made(path: Path) -> None:
        own(path)
        make(path.with_name(path.name + ending))

    return made


def _with_its_log(path: Path) -> None:
    """A copy of the file and its log, as they were while it was being written."""
    source = path.with_name("source")
    writer = _open(source)
    for ending in ("", "-wal"):
        shutil.copyfile(f"{source}{ending}", f"{path}{ending}")
    writer.close()
    source.unlink()


def _of_a_length(length: int) -> Maker:
    def make(path: Path) -> None:
        path.write_bytes(b"no recording, and of a length that costs nothing")
        os.truncate(path, length)

    return make


def _hot_journal(path: Path) -> None:
    good(path)
    path.with_name(path.name + "-journal").write_bytes(bytes.fromhex("d9d505f920a163d7") + b"\xff" * 1000)


def _other_database(path: Path) -> None:
    run_sql(path, "CREATE TABLE t (x)")


def _of_other_letters(path: Path) -> None:
    """The same tables and rows in a file whose texts are UTF-16."""
    source = path.with_name("source")
    good(source)
    run_sql(path, "PRAGMA encoding = 'UTF-16'", *_copied(source))
    source.unlink()


def _copied(source: Path) -> list[str | tuple[str, Sequence[Any]]]:
    """Return what makes the tables and rows of a file in another one."""
    with closing(sqlite3.connect(source)) as connection:
        numbers = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        }
        said: list[str | tuple[str, Sequence[Any]]] = [f"PRAGMA {name} = {value}" for name, value in numbers.items()]
        for name, made in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = connection.execute(f"SELECT * FROM {name}").fetchall()
            said += [made, *((f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row) for row in rows)]
        return said


def _with_the_log_of_another(path: Path, own: Maker = _without_its_log) -> None:
    """A run's file beside the log of another run, of which none of it is this one's."""
    own(path)
    other = path.with_name("other")
    writer = _open(other)
    shutil.copyfile(other.with_name("other-wal"), path.with_name(path.name + "-wal"))
    writer.close()
    other.unlink()


def _linked(path: Path, link: Callable[[Path, Path], object]) -> None:
    """A name of a file that is no recording, and lies in another folder."""
    secret = path.parent.parent / "secret.txt"
    secret.write_text("what nobody is sent")
    link(secret, path)


FILES: dict[str, Maker] = {
    "file-empty": _written(b""),
    "file-of-text": _written(b"not a database, but long enough to look like one " * 50),
    "file-of-zeros": _written(bytes(100_000)),
    "file-of-its-first-page": changed(lambda data: data[:1024]),
    "file-cut-in-half": changed(lambda data: data[: len(data) // 2]),
    "file-cut-by-a-byte": changed(lambda data: data[:-1]),
    "file-of-zeros-inside": changed(_zeros_inside),
    "file-of-another-program": _other_database,
    "file-of-a-newer-format": lambda path: (good(path), run_sql(path, "PRAGMA user_version = 99"))[0],
    "file-of-pages-of-1-byte": patched(16, b"\0\1"),
    "file-of-no-encoding": patched(56, b"\0\0\0\x09"),
    "file-with-a-wrong-first-page": patched(100, b"\xff" * 40),
    "file-with-a-wrong-free-list": patched(32, b"\0\0\0\2\0\0\0\2"),
    "file-of-pages-in-circles": _circle,
    "file-without-its-log": _without_its_log,
    "file-with-a-log-of-nonsense": _with_log(b"\xff" * 5000),
    "file-with-an-empty-log": _with_log(b""),
    "file-with-a-pipe-for-a-log": _log_is_a_pipe,
    "file-with-a-folder-for-a-log": _beside("-wal", Path.mkdir),
    "file-with-a-pipe-for-a-journal": _beside("-journal", os.mkfifo),
    "file-with-a-pipe-for-its-memory": _beside("-shm", os.mkfifo, _with_its_log),
    "file-with-a-hot-journal": _hot_journal,
    "file-of-4-GB": lambda path: (good(path), os.truncate(path, 4 << 30))[0],
    "file-of-4-TB": _of_a_length(4 << 40),
    "file-of-letters-of-two-bytes": _of_other_letters,
    "file-of-pages-of-64-KiB": lambda path: (good(path), run_sql(path, "PRAGMA page_size = 65536", "VACUUM"))[0],
    "file-with-the-log-of-another": _with_the_log_of_another,
    "file-closed-with-the-log-of-another": lambda path: _with_the_log_of_another(path, good),
    "file-named\nin two lines \u202edna-backwards": _written(b"text"),
    "file-that-links-to-a-secret": lambda path: _linked(path, lambda secret, path: path.symlink_to(secret)),
    "file-that-is-a-folder": lambda path: path.mkdir(),
    "file-that-is-a-pipe": os.mkfifo,
    "file-that-links-to-itself": lambda path: path.symlink_to(path.name),
    "file-that-links-to-zeros": lambda path: path.symlink_to("/dev/zero"),
    "file-that-links-nowhere": lambda path: path.symlink_to("nowhere"),
}
