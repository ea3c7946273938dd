from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from shiftscope.server.hostnames import hostname, is_loopback
from shiftscope.server.settings import Settings
from tests.conftest import LiveServer
from tests.server.test_limits import answer
from tests.websocket import connect


def test_a_request_to_another_host_name_is_refused(server: LiveServer) -> None:
    for hosts in (b"host: localhost\r\nhost: evil.example", b"host: evil.example\r\nhost: localhost"):
        assert answer(server, b"GET /api/runs HTTP/1.1\r\n" + hosts + b"\r\n\r\n")[0] == 403
    response = server.client.get("/api/runs", headers={"host": "evil.example:8000"})
    assert response.status_code == 403
    assert "'evil.example:8000'" in response.json()["detail"]
    assert server.client.get("/api/health", headers={"host": f"localhost:{server.port}"}).status_code == 200


def test_a_page_of_another_site_may_change_nothing(server: LiveServer) -> None:
    origin = {"origin": "https://evil.example"}
    assert server.client.post("/api/runs", json={}, headers=origin).status_code == 403
    assert server.client.get("/api/health", headers=origin).status_code == 200
    assert server.client.post("/api/runs/none/stop", headers={"origin": server.url}).status_code == 404


@pytest.mark.parametrize("headers", [{"host": "["}, {"origin": "http://["}])
def test_addresses_that_are_none_are_refused(server: LiveServer, headers: dict[str, str]) -> None:
    assert server.client.post("/api/runs/none/stop", headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/api/ingest", "/api/runs/none/stream"])
def test_a_page_of_another_site_may_open_no_socket(server: LiveServer, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{server.url}{path}", origin="https://evil.example")
    assert refused.value.response.status_code == 403


KNOWN = ("127.0.0.1", "localhost", "::1", "127.4.5.6")


@pytest.mark.parametrize(
    ("settings", "known", "unknown"),
    [
        ({}, KNOWN, ("lab.example", "10.0.0.1", "")),
        ({"host": "0.0.0.0"}, (*KNOWN, "lab.example", "10.0.0.1"), ("",)),
        (
            {"host": "10.0.0.1", "allowed_hosts": "Lab.Example, other"},
            (*KNOWN, "lab.example", "other", "10.0.0.1"),
            ("evil.example",),
        ),
        ({"host": "0.0.0.0", "published": "127.0.0.1:9000"}, KNOWN, ("lab.example", "10.0.0.1", "")),
        ({"host": "0.0.0.0", "published": "10.0.0.1:9000"}, (*KNOWN, "10.0.0.1", "lab.example"), ("",)),
        (
            {"host": "0.0.0.0", "published": "127.0.0.1:8000", "public_url": "https://lab.example:8443"},
            (*KNOWN, "lab.example"),
            ("10.0.0.1",),
        ),
        ({"public_url": "https://Lab.example/scope"}, (*KNOWN, "lab.example"), ("evil.example",)),
    ],
)
def test_known_hosts(settings: dict[str, str], known: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    made = Settings(**settings)
    assert [name for name in (*known, *unknown) if made.answers_to(name)] == list(known)


@pytest.mark.parametrize(
    ("netloc", "name", "loopback"),
    [
        ("LocalHost:8000", "localhost", True),
        ("localhost.", "localhost", True),
        ("127.200.0.9:1", "127.200.0.9", True),
        ("[::1]:8000", "::1", True),
        ("[::FFFF:127.0.0.1]:8000", "127.0.0.1", True),
        ("[::ffff:10.0.0.1]", "10.0.0.1", False),
        ("Lab.Example:8000", "lab.example", False),
        ("127.0.0.1.evil.example", "127.0.0.1.evil.example", False),
        ("0.0.0.0", "0.0.0.0", False),
        ("[", "", False),
        ("evil.example@localhost", "", False),
        ("localhost@evil.example", "", False),
        ("localhost#.evil.example", "", False),
        ("localhost/../evil.example", "", False),
        ("localhost:1:2", "", False),
        ("localhost, evil.example", "", False),
        ("[::1", "", False),
        ("", "", False),
    ],
)
def test_names_of_hosts(netloc: str, name: str, loopback: bool) -> None:
    assert (hostname(netloc), is_loopback(hostname(netloc))) == (name, loopback)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, ""),
        ({"host": "127.0.0.5"}, ""),
        ({"host": "::1", "allowed_hosts": "LOCALHOST"}, ""),
        ({"host": "0.0.0.0", "published": "127.0.0.1:8000"}, ""),
        ({"host": "0.0.0.0"}, "0.0.0.0"),
        ({"host": "::"}, "::"),
        ({"host": "0.0.0.0", "published": "0.0.0.0:8000"}, "0.0.0.0"),
        ({"allowed_hosts": "lab.example"}, "lab.example"),
        ({"public_url": "https://lab.example/scope"}, "lab.example"),
    ],
)
def test_who_else_can_reach_a_server(settings: dict[str, str], name: str) -> None:
    assert Settings(**settings).exposed == name


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("10.0.0.1", "http://10.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_workers_reach_their_server(host: str, url: str) -> None:
    assert Settings(host=host).own_url == url


def test_names_are_compared_without_case(server: LiveServer) -> None:
    headers = {"host": f"LOCALHOST:{server.port}", "origin": f"http://localhost:{server.port}"}
    assert server.client.post("/api/runs/none/stop", headers=headers).status_code == 404
