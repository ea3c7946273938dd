"""What is known of a data set's files is a limit while they are read: nothing without an end is read to it."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shiftscope.lab.data.datasets import DatasetError, load_original

from . import cifar_files, idx_files
from .idx_files import NAMES


def refused(folder: Path, *mirrors: str) -> str:
    with pytest.raises(DatasetError) as caught:
        load_original(idx_files.dataset(idx_files.contents(), mirrors), folder, lambda *_: None)
    return str(caught.value)


def load_archive(packed: bytes, folder: Path) -> None:
    dataset = cifar_files.dataset(cifar_files.contents())
    (folder / dataset.folder).mkdir()
    (folder / dataset.folder / cifar_files.ARCHIVE).write_bytes(packed)
    load_original(dataset, folder, lambda *_: None)


def test_a_gzip_bomb_is_unpacked_no_further_than_the_original_goes(tmp_path: Path) -> None:
    idx_files.write(tmp_path / "small", idx_files.contents())
    (tmp_path / "small" / f"{NAMES[0]}.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    assert "unpacks to more than" in refused(tmp_path)


def test_a_file_without_end_is_read_no_further_than_the_original_goes(tmp_path: Path) -> None:
    idx_files.write(tmp_path / "small", idx_files.contents(), packed=False)
    with (tmp_path / "small" / NAMES[0]).open("ab") as file:
        file.truncate(1 << 40)
    assert "is too long" in refused(tmp_path)


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir], ids=["pipe", "device", "folder"]
)
def test_what_is_no_file_is_named(make: Callable[[Path], None], tmp_path: Path) -> None:
    idx_files.write(tmp_path / "small", idx_files.contents())
    (tmp_path / "small" / f"{NAMES[0]}.gz").unlink()
    make(tmp_path / "small" / f"{NAMES[0]}.gz")
    assert f"{NAMES[0]}.gz is no file" in refused(tmp_path, "http://127.0.0.1:1")


def test_a_member_that_links_to_itself_is_missing(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in cifar_files.NAMES:
            member = tarfile.TarInfo(f"{cifar_files.FOLDER}/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, name
            tar.addfile(member)
    with pytest.raises(DatasetError, match="is not the original archive: there is no file"):
        load_archive(packed.getvalue(), tmp_path)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_headers_of_headers_end(kind: bytes, tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = kind, 10
    packed = gzip.compress((header.tobuf() + b"x".ljust(512, b"\0")) * 1000)
    with pytest.raises(DatasetError, match="is not a sound tar archive"):
        load_archive(packed, tmp_path)


@contextmanager
def endless() -> Iterator[str]:
    """A mirror that serves bytes for as long as somebody takes them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(1 << 16))
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_endless_mirror_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with endless() as url:
        assert "what it serves is longer than the file" in refused(tmp_path, url)
    assert list((tmp_path / "small").iterdir()) == []
