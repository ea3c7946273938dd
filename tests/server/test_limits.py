"""What is more than anybody needs is refused in words, before it costs anything."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shiftscope.notices import notice
from shiftscope.server.problems import explain_errors, without_folder
from tests.alone import run_alone
from tests.conftest import LiveServer, serve
from tests.producer import Producer, frame
from tests.waiting import PATIENCE
from tests.websocket import connect


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that waits one second for a request."""
    with serve(tmp_path_factory.mktemp("limits") / "runs", "--request-seconds", "1") as server:
        yield server


def answer(server: LiveServer, *parts: bytes) -> tuple[int, dict[str, object]]:
    """Return the status and body of what a server answers to these bytes; 0 where it closes without a word."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        for part in parts:
            connection.sendall(part)
        read = connection.makefile("rb")
        line = read.readline()
        if not line:
            return 0, {}
        length = 0
        while (header := read.readline().strip().lower()) != b"":
            if header.startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
        return int(line.split()[1]), json.loads(read.read(length))


HEAD = b"POST /api/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
UPGRADE = (
    b"GET /api/%b HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n", *[b"x: " + b"y" * 8000] * 8], 431, "refused.head"),
        ([b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n", b"x: y\r\n" * 6000, b"\r\n"], 431, "refused.head"),
        ([b"GET /?" + b"x" * 9000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n"], 414, "refused.address"),
        ([HEAD + b"content-length: 400000000\r\n\r\n"], 413, "refused.body"),
        ([HEAD + b"transfer-encoding: chunked\r\n\r\n", *[CHUNK] * 8], 413, "refused.body"),
        ([HEAD + b"content-length: 20\r\n\r\n{"], 408, "refused.late"),
        ([HEAD], 408, "refused.late"),
        ([b"\x16\x03\x01\x02\x00\r\n\r\n"], 400, "refused.not_http"),
        ([UPGRADE % b"audience" + b"x: y\r\n" * 200 + b"\r\n"], 400, "refused.handshake"),
        ([UPGRADE % b"runs/x/stream" + b"x: " + b"y" * 9000 + b"\r\n\r\n"], 400, "refused.handshake"),
        ([UPGRADE % b"audience" + (b"x: " + b"y" * 7000 + b"\r\n") * 5 + b"\r\n"], 431, "refused.head"),
        ([UPGRADE % b"ingest" + b"content-length: 5\r\n\r\nhello"], 400, "refused.handshake"),
        ([UPGRADE % b"ingest" + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"], 400, "refused.handshake"),
        ([], 0, None),
    ],
    ids=[
        "header", "headers", "address", "announced", "streamed", "half-body", "half-head", "tls",
        "socket-headers", "socket-header", "socket-head", "socket-body", "socket-chunks", "silent",
    ],
)  # fmt: skip
def test_what_is_too_much_or_never_comes_is_refused(
    hasty: LiveServer, parts: list[bytes], status: int, code: str | None
) -> None:
    found, body = answer(hasty, *parts)
    assert (found, body.get("code")) == (status, code)


def test_a_connection_goes_on_after_a_refusal(hasty: LiveServer) -> None:
    for size in (70_000, 10, 70_000):
        refused = hasty.client.post("/api/runs", content=b" " * size + b"[]")
        assert refused.status_code == (413 if size > 65_536 else 422)
    assert hasty.client.get("/api/health").status_code == 200


def test_every_answer_says_what_a_browser_may_do_with_it(hasty: LiveServer) -> None:
    for path in ("/api/health", "/api/runs/none", "/nothing", "/openapi.json"):
        headers = hasty.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("nothing", 404, "there is nothing at WEBSOCKET /api/nothing"),
        ("runs", 404, "there is nothing at WEBSOCKET /api/runs"),
        ("runs/none/stream?after=abc", 422, "unable to parse string as an integer"),
    ],
    ids=["address", "no-socket", "parameter"],
)
def test_a_socket_that_is_not_opened_is_answered_in_words(
    hasty: LiveServer, path: str, status: int, words: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{hasty.url}/api/{path}")
    answered = refused.value.response
    assert (answered.status_code, words in bytes(answered.body or b"").decode()) == (status, True), answered.body
    assert "default-src 'none'" in answered.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "no hello came within 1 seconds"),
        ('{"type": "hello", "name": "' + "x" * 5000 + '"}', "a hello has more than 4,096 characters"),
        ('{"type": "hello", "name": "a\\tb"}', "a character that cannot be shown: a\\tb"),
        ('{"type": "hello", "name": "\\u202eb"}', "a character that cannot be shown: \\u202eb"),
    ],
    ids=["silent", "long", "control", "direction"],
)
def test_a_socket_that_says_no_hello_is_closed_in_words(hasty: LiveServer, said: str | None, words: str) -> None:
    with connect(f"{hasty.url}/api/ingest") as socket:
        if said is not None:
            socket.send(said)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE)
    assert closed.value.rcvd is not None
    assert words in closed.value.rcvd.reason
    assert hasty.client.get("/api/runs").json() == []


def test_quotas(tmp_path: Path) -> None:
    """Of runs that wait, scripts that send, and bytes of a run and of all; the training goes on in a file."""
    quotas = ("--workers", "1", "--queued", "1", "--producers", "2", "--run-gib", "0.0005", "--total-gib", "0.001")
    with serve(tmp_path / "runs", *quotas) as server:
        long = {"config": {"duration": {"kind": "steps", "steps": 100_000}, "pace": 5}}
        first = server.start(**long)["id"]
        server.wait(first, "running")
        server.start(**long)
        refused = server.client.post("/api/runs", json=long)
        assert (refused.status_code, refused.json()["code"]) == (429, "refused.queue")
        assert server.client.post("/api/experiments/two-axes", json={}).status_code == 429
        with Producer(server.url) as large:
            with pytest.raises(ConnectionClosed) as closed:
                Producer(server.url)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason[:24]) == (1013, "2 scripts send to this s")
            large.begin(width=100_000)
            for seq in (1, 2, 3):
                large.socket.send(frame(seq, width=100_000))
            with pytest.raises(ConnectionClosed) as closed:
                large.wait_for_acknowledgement(3)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, "--run-gib" in closed.value.rcvd.reason) == (1008, True)
        assert "0.0005 GiB" in server.wait(large.run, "interrupted")["reason"]["text"]


def test_no_refusal_says_where_the_server_keeps_its_files(hasty: LiveServer, tmp_path: Path) -> None:
    with Producer(hasty.url) as producer:
        producer.begin()
        producer.end()
    (hasty.data / f"{producer.run}.shiftscope").unlink()
    for path in ("recording", "curve"):
        refused = hasty.client.get(f"/api/runs/{producer.run}/{path}")
        assert refused.status_code in {404, 507}
        assert refused.json()["detail"]
        assert str(hasty.data) not in refused.text
    kept = notice("recording.not_written", path=str(tmp_path / "a.shiftscope"), error=f"[Errno 28] {tmp_path / 'a'}")
    said = without_folder(notice("absence.not_kept", error=kept), tmp_path)
    assert said.text == "what its script sends cannot be kept: a.shiftscope cannot be written: [Errno 28] a"
    assert str(tmp_path) not in said.model_dump_json()


def test_letters_that_are_none_are_refused_in_words(hasty: LiveServer) -> None:
    refused = hasty.client.post(
        "/api/runs", content=b'{"experiment": "\\ud800"}', headers={"content-type": "application/json"}
    )
    assert (refused.status_code, refused.json()["code"]) == (404, "refused.unknown_experiment")


def test_whatever_the_disk_does_not_let_is_said_in_words(tmp_path: Path) -> None:
    app = FastAPI()
    explain_errors(app)

    @app.get("/")
    def fails() -> None:
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder").read_bytes()

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get("/")

    refused = run_alone(asked())
    assert (refused.status_code, refused.json()["code"]) == (507, "refused.disk")
    assert "Is a directory" in refused.json()["detail"]
    assert str(tmp_path) not in refused.text
