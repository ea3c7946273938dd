"""Small data sets in the formats of the real ones, and a server for them."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from shiftscope.config.datasets import Content, KnownFile, Original

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array: np.ndarray) -> bytes:
    """The IDX file of an array of bytes, written with the format's definition at hand."""
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def contents(seed: int = 0, train: int = 30, test: int = 10, size: int = 4) -> list[bytes]:
    """Four sound files: training images and labels, test images and labels, of three classes."""
    rng = np.random.default_rng(seed)
    return [
        idx(rng.integers(0, high, shape, dtype=np.uint8))
        for count in (train, test)
        for high, shape in ((256, (count, size, size)), (3, (count,)))
    ]


def known(name: str, content: bytes) -> KnownFile:
    """What is known of the gzip file of `content`."""
    packed = gzip.compress(content, mtime=0)
    inside = Content(name, len(content), f"md5:{hashlib.md5(content).hexdigest()}")
    return KnownFile(f"{name}.gz", len(packed), sha256(packed), (inside,))


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def dataset(files: list[bytes], mirrors: tuple[str, ...] = (), title: str = "Small") -> Original:
    """The data set whose true files are `files`."""
    return Original(
        title=title,
        folder=title.lower(),
        format="idx",
        files=tuple(map(known, NAMES, files)),
        train=NAMES[:2],
        test=NAMES[2:],
        image=(1, 4, 4),
        classes=3,
        mirrors=mirrors,
    )


def write(folder: Path, files: list[bytes], packed: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip(NAMES, files, strict=True):
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)


class Server:
    """What a mirror does: `files` by name; `cut` announces the whole file and breaks off in the middle."""

    def __init__(self, files: dict[str, bytes], cut: bool = False) -> None:
        self.files, self.cut = files, cut
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rsplit("/", 1)[-1]
            server.asked.append(name)
            if name not in server.files:
                self.send_error(404)
                return
            body = server.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if server.cut else body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_port}/data"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
