"""What goes wrong in a run is posted to the address that the server's owner named, and nothing waits for it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shiftscope.notices import notice
from shiftscope.server.app import create_app
from shiftscope.server.settings import Settings
from shiftscope.sinks.socket import SocketSink
from shiftscope.wire.frames import RunHeader
from tests import producer
from tests.conftest import serve
from tests.waiting import eventually

HEADER = RunHeader.model_validate(producer.header(5))


class Receiver(http.server.BaseHTTPRequestHandler):
    got: list[dict]
    answer = 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append(json.loads(body))
        if not self.answer:
            self.wfile.write(b"nonsense\r\n\r\n")
            return
        self.send_response(self.answer)
        if self.answer == 302:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self):
        self.got.append({"followed": self.path})

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture(params=[200, 302, 500, 0])
def hook(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[dict]]]:
    handler = type("Handler", (Receiver,), {"got": [], "answer": request.param})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", handler.got
        server.shutdown()
        thread.join()


def test_alerts_and_failures_are_posted(tmp_path: Path, hook: tuple[str, list[dict]]) -> None:
    url, got = hook
    with serve(tmp_path / "runs", "--webhook", url) as server:
        sink = SocketSink.connect(server.url, name="mine")
        sink.begin(HEADER)
        sink.event("note", 3, "nothing of interest")
        sink.event("diverged", 7, notice("event.loss_not_finite", network="net", step=7, loss="nan"), network="net")
        sink.end("failed", "RuntimeError: out of coffee")
        eventually(lambda: len(got) >= 2, lambda: str(got))
        assert server.run(sink.run)["state"] == "failed"
    assert [(one["kind"], one["step"], one["run"], one["network"]) for one in got] == [
        ("diverged", 7, sink.run, "net"),
        ("failed", 7, sink.run, ""),
    ]
    assert got[0]["text"].startswith("mine, step 7: net diverged at step 7")


def texts(schema: Any, defined: dict[str, Any], name: str = "") -> Iterator[str]:
    """Yield the name of each part of a request's body in which any text may stand."""
    if isinstance(schema, list):
        for one in schema:
            yield from texts(one, defined, name)
    elif isinstance(schema, dict):
        if reference := schema.get("$ref"):
            yield from texts(defined.pop(reference.rpartition("/")[2], {}), defined, name)
        if schema.get("type") == "string" and not schema.keys() & {"enum", "const"}:
            yield name
        for key, one in schema.get("properties", {}).items():
            yield from texts(one, defined, key)
        for key in ("anyOf", "allOf", "oneOf", "items", "prefixItems", "additionalProperties"):
            yield from texts(schema.get(key), defined, name)


def test_no_request_names_an_address_or_a_file_to_the_server(tmp_path: Path) -> None:
    """So where it posts, and what it opens, is for who starts it: it need not tell one address from another."""
    described = create_app(Settings(data=tmp_path)).openapi()
    defined = dict(described["components"]["schemas"])
    bodies = [
        media["schema"]
        for path in described["paths"].values()
        for route in path.values()
        for media in route.get("requestBody", {}).get("content", {}).values()
    ]
    assert set(texts(bodies, defined)) == {"name", "freeze_below", "experiment"}, "names of what there is, and of runs"


@pytest.mark.parametrize("wrong", ["ftp://here", "here"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="webhook"):
        Settings(webhook=wrong)
