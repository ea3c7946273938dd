"""A shared server: a stranger gets nothing, a viewer looks, and one table says what each route needs."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

import shiftscope
from shiftscope.recording.documents import StartedBy
from shiftscope.server.app import create_app
from shiftscope.server.links import FILE, LinkFile, Links, LinksError
from shiftscope.server.roles import ROUTES, Needs, Role, needed
from shiftscope.server.runs import Run
from shiftscope.server.settings import Settings
from tests.conftest import LiveServer, serve
from tests.producer import Producer
from tests.test_cli import shiftscope as command
from tests.waiting import PATIENCE
from tests.websocket import connect

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class Shared:
    """A shared server, and clients with each link and with none."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.url = server.url
        self.links: Links = LinkFile(server.data).current()
        self.stranger = httpx.Client(base_url=server.url, timeout=PATIENCE, trust_env=False)
        self.viewer = self.visitor(self.links.view)
        self.control = self.visitor(self.links.control)

    def visitor(self, token: str) -> httpx.Client:
        """Return a client that has opened a link once."""
        client = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)
        assert client.get("/", params={"token": token}, follow_redirects=True).status_code == 200
        return client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with serve(tmp_path_factory.mktemp("shared") / "runs", "--share") as server:
        yield Shared(server)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def routes_of(app: FastAPI) -> set[str]:
    """Return every route of an application as roles.py names it."""
    found: set[str] = set()

    def add(route: Any) -> None:
        router = getattr(route, "original_router", None)
        if router is not None:
            for inner in router.routes:
                add(inner)
            return
        methods = getattr(route, "methods", None)
        found.update(f"{method} {route.path}" for method in (METHODS & methods if methods else {"WEBSOCKET"}))

    for route in app.routes:
        add(route)
    return found


def test_every_route_says_what_it_needs() -> None:
    assert routes_of(create_app(Settings(data=Path("none")))) == set(ROUTES)
    assert {name for name, needs in ROUTES.items() if needs is Needs.NOTHING} == {"GET /api/health", "GET /api/ready"}
    assert needed("DELETE", "/api/not-there-yet") == (Needs.CONTROL, "")


def example(name: str) -> tuple[str, str]:
    method, path = name.split(" ")
    return method, re.sub(r"\{[^}]*\}", "none", path)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_who_is_let_in(shared: Shared, name: str) -> None:
    method, path = example(name)
    needs = ROUTES[name]
    if method == "WEBSOCKET":
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{shared.url}{path}")
        assert refused.value.response.status_code == 401
        return
    if needs is Needs.NOTHING:
        assert shared.stranger.request(method, path).status_code == 200
        return
    for stranger in ({}, bearer("x" * 32), {"cookie": f"{shared.links.cookie}={'x' * 32}.{'0' * 16}"}):
        answer = shared.stranger.request(method, path, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (401, "refused.stranger")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    status = shared.viewer.request(method, path).status_code
    assert status in {200, 404} if needs is Needs.VIEW else status == 403


def test_a_stranger_in_a_browser_reads_what_to_do(shared: Shared) -> None:
    answer = shared.stranger.get("/", headers={"accept": "text/html", "accept-language": "ko-KR,en"})
    assert answer.status_code == 401
    assert '<html lang="ko">' in answer.text
    assert "링크" in answer.text
    assert "<script" not in answer.text


def test_a_link_becomes_a_cookie_and_leaves_the_address(shared: Shared) -> None:
    forwarded = {"x-forwarded-proto": "https"}  # of no proxy that was named
    wanted = {"run": "a b", "token": shared.links.view, "embed": ""}
    answer = shared.stranger.get("/", params=wanted, headers=forwarded)
    assert (answer.status_code, answer.headers["location"]) == (303, "./?run=a+b&embed=")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{shared.links.cookie}={shared.links.view}.")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie
    assert answer.headers["referrer-policy"] == "no-referrer"
    for client, role, starts in ((shared.viewer, "view", False), (shared.control, "control", True)):
        me = client.get("/api/me").json()
        assert (me["role"], me["may_start"]) == (role, starts)
    wrong = shared.stranger.get("/", params={"token": "y" * 32})
    assert wrong.status_code == 401
    assert "y" * 32 not in wrong.text


def test_a_browser_keeps_its_name_with_another_link(shared: Shared) -> None:
    client = shared.visitor(shared.links.view)
    name = client.cookies[shared.links.cookie].partition(".")[2]
    client.get("/", params={"token": shared.links.control})
    assert client.cookies[shared.links.cookie] == f"{shared.links.control}.{name}"


def test_links_that_are_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    with pytest.raises(LinksError, match="is no file"):
        LinkFile(tmp_path).current()


def test_a_viewer_sees_what_who_has_control_does(shared: Shared) -> None:
    run = shared.control.post("/api/runs", json={"config": {"duration": {"kind": "steps", "steps": 20}}}).json()
    shared.server.client.headers.update(bearer(shared.links.view))
    assert shared.server.wait(run["id"], "finished", "failed")["state"] == "finished"
    with connect(f"{shared.url}/api/runs/{run['id']}/stream", additional_headers=bearer(shared.links.view)) as socket:
        assert '"finished"' in str(socket.recv(PATIENCE))
    assert shared.viewer.delete(f"/api/runs/{run['id']}").status_code == 403
    assert shared.control.delete(f"/api/runs/{run['id']}").status_code == 204


def test_a_script_needs_the_control_link_and_then_its_own_secret(shared: Shared) -> None:
    for token in ("", shared.links.view):
        with pytest.raises(InvalidStatus):
            Producer(shared.url, headers=bearer(token) if token else {})
    with Producer(shared.url, headers=bearer(shared.links.control)) as producer:
        welcome = producer.welcome
    again = {"run": welcome["run"], "token": welcome["token"]}
    with Producer(f"{shared.url}", again, headers=bearer(welcome["token"]), query=f"?run={welcome['run']}") as back:
        assert back.run == welcome["run"]
    # The secret of one run opens no other, and makes no new one.
    with Producer(shared.url, headers=bearer(shared.links.control)) as producer, pytest.raises(InvalidStatus):
        Producer(shared.url, headers=bearer(welcome["token"]), query=f"?run={producer.run}")
    with pytest.raises(ConnectionClosed):
        Producer(shared.url, headers=bearer(welcome["token"]), query=f"?run={welcome['run']}")


def test_a_watched_network_is_sent_with_the_link(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    link = f"{shared.url}/?token={shared.links.control}"
    for given in ({"to": link}, {"to": shared.url, "token": shared.links.control}):
        scope = shiftscope.watch(torch.nn.Linear(2, 2), name="by link", **given)
        scope.close()
    monkeypatch.setenv("SHIFTSCOPE_TOKEN", shared.links.control)
    shiftscope.watch(torch.nn.Linear(2, 2), name="by variable", to=shared.url).close()
    names = [run["name"] for run in shared.viewer.get("/api/runs").json()]
    assert (names.count("by link"), names.count("by variable")) == (2, 1)


def test_links_are_kept_and_rotated(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    with serve(data, "--share") as server:
        file = data / FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        before = LinkFile(data).current()
        assert server.client.get("/api/me", headers=bearer(before.view)).status_code == 200
        printed = command("links", "--data", str(data), "--rotate")
        after = LinkFile(data).current()
        assert f"{server.url}/?token={after.control}" in printed.stdout
        assert before.control not in printed.stdout
        assert server.client.get("/api/me", headers=bearer(before.control)).status_code == 401
        assert server.client.get("/api/me", headers=bearer(after.control)).status_code == 200
        connection = f"{server.url.replace('http', 'ws')}/api/runs/none/stream?token={after.view}"
        with pytest.raises(InvalidStatus):
            connect(connection)
    with serve(data, "--share") as server:
        assert LinkFile(data).current() == after.model_copy(update={"address": server.url})
    log = (tmp_path / "runs.log").read_text()
    for token in (before.control, before.view, after.control, after.view):
        assert token not in log
    assert "token=..." in log
    assert "ERROR" not in log


def test_what_is_open_ends_with_its_link(tmp_path: Path) -> None:
    with serve(tmp_path / "runs", "--share") as server, ExitStack() as opened:
        before = LinkFile(server.data).current()
        script = opened.enter_context(Producer(server.url, headers=bearer(before.control)))
        script.begin()
        viewer = {"additional_headers": bearer(before.view)}
        paths = ("/api/audience", f"/api/runs/{script.run}/stream")
        sockets = [opened.enter_context(connect(f"{server.url}{path}", **viewer)) for path in paths]
        after = LinkFile(server.data).rotate()
        for socket in (*sockets, script.socket):
            assert until_closed(socket) == (4401, "The link was changed: ask whoever runs the server for the new one.")
        server.client.headers.update(bearer(after.view))
        run = server.wait(script.run, "interrupted")
        assert run["reason"]["code"] == "end.link_changed"
        secret = script.welcome["token"]
        with pytest.raises(InvalidStatus) as refused:
            Producer(server.url, {"run": run["id"], "token": secret}, bearer(secret), f"?run={run['id']}")
        assert refused.value.response.status_code == 401
        server.client.headers.update(bearer(after.control))
        assert server.client.delete(f"/api/runs/{run['id']}").status_code == 204
    assert "Traceback" not in (tmp_path / "runs.log").read_text()


def until_closed(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Return how a socket is closed, after whatever comes before."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(PATIENCE)
    return socket.protocol.close_code, socket.protocol.close_reason


@pytest.mark.parametrize(("source", "by", "goes_on"), [
    ("script", StartedBy(links="old"), False),
    ("script", StartedBy(), True),
    ("script", None, True),
    ("worker", StartedBy(links="old"), True),
])  # fmt: skip
def test_whose_secret_outlives_the_links(tmp_path: Path, source: str, by: StartedBy | None, *, goes_on: bool) -> None:
    run = Run.create(tmp_path, "a run", source, None, by=by)
    assert run.goes_on_with(Links.new()) is goes_on
    run.close()


def test_who_is_open_to_others_says_what_to_do_and_ends(tmp_path: Path) -> None:
    for flags in (("--host", "0.0.0.0"), ("--allowed-hosts", "lab.example"), ("--public-url", "https://lab.example/s")):
        ended = command("serve", "--port", "0", "--data", str(tmp_path), *flags)
        assert ended.returncode != 0
        assert "--share" in ended.stderr


def test_tokens_are_told_apart() -> None:
    links = Links.new()
    assert [links.role(token) for token in (links.control, links.view, links.view[:-1], "", "ü")] == [
        Role.CONTROL, Role.VIEW, None, None, None,
    ]  # fmt: skip
