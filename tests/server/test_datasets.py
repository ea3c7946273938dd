"""Real data through the whole way: found in a folder, fetched from a mirror, or missing, with a sentence."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shiftscope.recording.reader import open_recording
from tests.conftest import LiveServer, mnist_folder, serve
from tests.viewer import Viewer
from tests.waiting import PATIENCE

SHORT: dict[str, Any] = {"dataset": {"kind": "mnist"}, "duration": {"kind": "steps", "steps": 30}}
needs_mnist = pytest.mark.skipif(
    mnist_folder() is None, reason="MNIST's files are not here; SHIFTSCOPE_DATASETS names their folder"
)


class _Holding(http.server.SimpleHTTPRequestHandler):
    """Holds a file back in the middle, until what is told of it has been seen."""

    def __init__(self, seen: threading.Event, *arguments: Any, **keywords: Any) -> None:
        self.seen = seen
        super().__init__(*arguments, **keywords)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        outputfile.write(source.read(1 << 12))
        outputfile.flush()
        assert self.seen.wait(PATIENCE)
        super().copyfile(source, outputfile)


@dataclass
class Mirror:
    url: str
    seen: threading.Event


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """Serve the real files on this machine."""
    seen = threading.Event()
    handler = functools.partial(_Holding, seen, directory=str(mnist_folder()))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield Mirror(f"http://127.0.0.1:{httpd.server_address[1]}", seen)
        seen.set()
        httpd.shutdown()


@needs_mnist
def test_mnist_twins_train_from_the_files_of_a_folder(server: LiveServer) -> None:
    run = server.wait(server.start(config=SHORT)["id"], "finished", "failed")
    assert run["reason"] is None
    with open_recording(server.data / f"{run['id']}.shiftscope") as recording:
        accuracy = recording.values("evaluation", "test_accuracy", network="with BN")
    assert accuracy[-1] > accuracy[0] + 0.2


@needs_mnist
def test_mnist_is_fetched_where_it_is_missing_and_the_page_is_told(tmp_path: Path, mirror: Mirror) -> None:
    flags = ("--datasets", str(tmp_path / "datasets"), "--mirrors", mirror.url)
    with serve(tmp_path / "runs", *flags, NO_PROXY="127.0.0.1") as server:
        run = server.start(config=SHORT)["id"]
        with Viewer(server.url, run) as viewer:
            preparing: dict[str, Any] = {}
            while not preparing.get("message", "").startswith("Downloading"):
                preparing = (viewer.hear().get("run") or {}).get("preparing") or {}
            assert 0 <= preparing["fraction"] <= 1
            mirror.seen.set()
            viewer.until_closed()
        assert server.run(run)["state"] == "finished"
    assert len(list((tmp_path / "datasets" / "mnist").glob("*.gz"))) == 4


def test_where_no_mirror_answers_the_run_fails_with_a_sentence(tmp_path: Path) -> None:
    flags = ("--datasets", str(tmp_path / "datasets"), "--mirrors", "http://127.0.0.1:1")
    with serve(tmp_path / "runs", *flags, NO_PROXY="127.0.0.1") as server:
        run = server.wait(server.start(config=SHORT)["id"], "failed")
    assert "127.0.0.1:1" in run["reason"]["text"]
    assert "Traceback" not in run["reason"]["text"]
    assert not list((tmp_path / "datasets").rglob("*-ubyte*"))
