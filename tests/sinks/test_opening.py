"""Where a scope's frames go when nothing is said, when nobody answers, and when nothing can be written."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shiftscope.recording.reader import open_recording
from shiftscope.sinks import opening
from shiftscope.sinks.base import Sink, SinkError
from shiftscope.sinks.file import FileSink
from shiftscope.sinks.memory import MemorySink
from shiftscope.sinks.opening import answers, open_sink
from shiftscope.sinks.socket import SocketSink
from shiftscope.wire.frames import RunHeader
from tests import producer
from tests.conftest import LiveServer

NOBODY = "http://127.0.0.1:1"
HEADER = RunHeader.model_validate(producer.header(5))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of recordings."""
    monkeypatch.setenv("SHIFTSCOPE_DATA", str(tmp_path / "runs"))
    monkeypatch.setenv("SHIFTSCOPE_URL", NOBODY)
    return tmp_path / "runs"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on the standard error output."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


def end(sink: Sink) -> None:
    sink.begin(HEADER)
    sink.end("finished", "")


def test_a_server_that_answers_is_where_a_run_goes_by_default(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHIFTSCOPE_URL", server.url)
    monkeypatch.setattr(opening, "ANSWER_SECONDS", 30.0)
    sink = open_sink(None, name="by default")
    assert isinstance(sink, SocketSink)
    assert said(capsys) == f"shiftscope: recording to {server.url}/?run={sink.run}"
    end(sink)
    assert server.run(sink.run)["name"] == "by default"


@pytest.mark.parametrize(
    ("started", "name"),
    [("/home/me/resnet.py", "resnet"), ("/lib/train/__main__.py", "train"),
     ("", "watched script"), ("/lib/ipykernel_launcher.py", "watched script")],
)  # fmt: skip
def test_a_run_without_a_name_has_its_scripts(
    server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: str, name: str
) -> None:
    monkeypatch.setattr("sys.argv", [started, "--lr", "1"])
    at_server, in_folder = open_sink(server.url), open_sink(tmp_path)
    assert isinstance(at_server, SocketSink)
    assert isinstance(in_folder, FileSink)
    end(at_server)
    end(in_folder)
    assert server.run(at_server.run)["name"] == name
    if name != "watched script":
        assert in_folder.path.stem.endswith(f"-{name}")


@pytest.mark.parametrize("to", [None, NOBODY])
def test_where_nobody_answers_a_run_goes_into_the_folder_of_recordings(
    folder: Path, to: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    sink = open_sink(to, name="my / model")
    assert isinstance(sink, FileSink)
    line = said(capsys)
    assert f"no Shiftscope answers at {NOBODY}" in line
    assert f"recording to {sink.path}; `shiftscope serve" in line
    assert line.endswith("` shows it")
    assert sink.path.parent == folder
    assert re.fullmatch(r"\d{8}-\d{6}-my---model", sink.path.stem)
    end(sink)
    with open_recording(sink.path) as recording:
        assert recording.info.name == "my / model"


class Another(http.server.BaseHTTPRequestHandler):
    """A server that is no Shiftscope."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok", "version": "1"}')

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def another() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Another) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_what_listens_there_must_be_a_shiftscope(
    server: LiveServer, another: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answers(server.url, 30.0)
    assert not answers(another, 30.0)
    assert not answers(NOBODY, 30.0)
    assert not answers("not a url at all", 30.0)
    assert not answers("http://127.0.0.1:999999", 30.0)
    sink = open_sink(another)
    assert isinstance(sink, FileSink)
    assert "no Shiftscope answers" in said(capsys)
    end(sink)


def test_a_file_that_is_there_is_left_alone_and_another_name_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.shiftscope"
    sinks = [open_sink(path), open_sink(str(path)), open_sink(path)]
    assert [sink.path.name for sink in sinks if isinstance(sink, FileSink)] == [
        "run.shiftscope", "run-2.shiftscope", "run-3.shiftscope",
    ]  # fmt: skip
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == f"shiftscope: recording to {path}; `shiftscope serve --data {tmp_path}` shows it"
    assert lines == [
        f"shiftscope: {path} is there already; recording to {tmp_path / f'run-{number}.shiftscope'}; "
        f"`shiftscope serve --data {tmp_path}` shows it"
        for number in (2, 3)
    ]
    for sink in sinks:
        end(sink)


def test_each_of_several_processes_has_a_file_of_its_own_and_says_which_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.shiftscope"
    sinks = [
        open_sink(path, rank=(0, 2)),
        open_sink(str(path), rank=(1, 2)),
        open_sink(tmp_path, name="a", rank=(1, 2)),
    ]
    found = [sink.path for sink in sinks if isinstance(sink, FileSink)]
    assert [path.name for path in found[:2]] == ["run.shiftscope", "run-rank-1-of-2.shiftscope"]
    assert found[2].name.endswith("-a--rank-1-of-2.shiftscope")
    assert len(capsys.readouterr().err.splitlines()) == 3
    for sink in sinks:
        end(sink)
    names = []
    for one in found:
        with open_recording(one) as recording:
            names.append(recording.info.name)
    assert names == ["run, rank 0 of 2", "run, rank 1 of 2", "a, rank 1 of 2"]


def test_a_folder_gets_a_file_and_a_new_folder_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_folder = open_sink(tmp_path, name="my model")
    assert isinstance(in_folder, FileSink)
    assert in_folder.path.parent == tmp_path
    assert in_folder.path.name.endswith("my-model.shiftscope")
    assert said(capsys) == (
        f"shiftscope: {tmp_path} is a folder; recording to {in_folder.path}; "
        f"`shiftscope serve --data {tmp_path}` shows it"
    )
    new = open_sink(tmp_path / "a" / "b" / "run.shiftscope")
    assert isinstance(new, FileSink)
    assert new.path == tmp_path / "a" / "b" / "run.shiftscope"
    assert said(capsys).startswith(f"shiftscope: recording to {new.path}; ")
    for sink in (in_folder, new):
        end(sink)


def test_what_is_no_address_is_said_in_the_words_that_were_given(capsys: pytest.CaptureFixture[str]) -> None:
    sink = open_sink("htp://127.0.0.1:8000")
    assert isinstance(sink, FileSink)
    assert "htp://127.0.0.1:8000 is no address of a server: those begin with http:// or https://" in said(capsys)
    end(sink)


def test_processes_that_name_the_same_file_have_one_each(tmp_path: Path) -> None:
    program = (
        "import sys; from shiftscope.sinks.opening import open_sink; from pathlib import Path\n"
        "sink = open_sink(Path(sys.argv[1])); print(sink.path); sink.end('finished', '')"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "run.shiftscope")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    paths = [Path(one.communicate()[0].strip()) for one in started]
    assert len(set(paths)) == 4
    assert {path.parent for path in paths} == {tmp_path}
    for path in paths:
        open_recording(path).close()


def test_a_folder_that_is_none_is_replaced_by_another(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no folder")
    sink = open_sink(tmp_path / "text" / "run.shiftscope")
    assert isinstance(sink, FileSink)
    assert sink.path == folder / "run.shiftscope"
    assert str(sink.path) in said(capsys)
    end(sink)
    monkeypatch.setenv("SHIFTSCOPE_DATA", str(tmp_path / "text" / "runs"))
    monkeypatch.setattr(opening.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    sink = open_sink(None)
    assert isinstance(sink, FileSink)
    assert sink.path.parent == tmp_path / "temporary"
    assert str(sink.path) in said(capsys)
    end(sink)


def test_where_nothing_can_be_written_the_first_call_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text").write_text("no folder")
    monkeypatch.setenv("SHIFTSCOPE_DATA", str(tmp_path / "text" / "runs"))
    monkeypatch.setattr(opening.tempfile, "gettempdir", lambda: str(tmp_path / "text"))
    sink = open_sink(tmp_path / "text" / "run.shiftscope")
    with pytest.raises(SinkError, match="text"):
        sink.begin(HEADER)
    sink.end("finished", "")


def test_a_sink_is_taken_as_it_is(tmp_path: Path) -> None:
    inner = open_sink(tmp_path / "run.shiftscope")
    sink = MemorySink(inner)
    assert open_sink(sink) is sink
    end(sink)


def test_opening_loads_no_server() -> None:
    program = (
        "import sys, shiftscope.sinks.opening; print({'fastapi', 'uvicorn', 'pydantic_settings'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "set()"
