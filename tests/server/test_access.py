from __future__ import annotations

from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from shiftscope.server.settings import Settings
from tests.conftest import LiveServer
from tests.websocket import connect


def test_a_request_to_another_host_name_is_refused(server: LiveServer) -> None:
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


@pytest.mark.parametrize(
    ("host", "allowed", "hosts"),
    [
        ("127.0.0.1", "", {"127.0.0.1", "localhost", "::1"}),
        ("0.0.0.0", "", None),
        ("0.0.0.0", "lab.example, other", {"127.0.0.1", "localhost", "::1", "lab.example", "other"}),
    ],
)
def test_known_hosts(host: str, allowed: str, hosts: set[str] | None) -> None:
    assert Settings(host=host, allowed_hosts=allowed, data=Path()).hosts == hosts
