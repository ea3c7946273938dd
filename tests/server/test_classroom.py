"""A class on one server: everybody starts runs, waits alike and changes their own; the queue outlives the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from shiftscope.recording.reader import open_recording
from shiftscope.server.links import LinkFile
from shiftscope.server.roles import ROUTES, Needs
from tests.conftest import LiveServer, serve
from tests.producer import Producer
from tests.waiting import PATIENCE

LONG: dict[str, Any] = {"duration": {"kind": "steps", "steps": 5000}, "pace": 5}
SHORT: dict[str, Any] = {"duration": {"kind": "steps", "steps": 5}}
FLAGS = ("--share", "--students", "Monday", "--workers", "1")


def laptop(server: LiveServer, token: str) -> httpx.Client:
    client = httpx.Client(base_url=server.url, timeout=PATIENCE, trust_env=False)
    assert client.get("/", params={"token": token}, follow_redirects=True).status_code == 200
    return client


def start(client: httpx.Client, config: dict[str, Any]) -> str:
    answer = client.post("/api/runs", json={"config": config})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def place(client: httpx.Client, run: str) -> int | None:
    found = client.get(f"/api/runs/{run}").json()["place"]
    return None if found is None else int(found)


def test_a_class_waits_alike_and_after_its_server_was_killed(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    with serve(data, *FLAGS) as server:
        links = LinkFile(data).current()
        ann, ben = (laptop(server, links.view) for _ in range(2))
        teacher = {"authorization": f"Bearer {links.control}"}
        server.client.headers.update(teacher)
        first, second = start(ann, LONG), start(ann, SHORT)
        server.wait(first, "running")
        other, gone = start(ben, SHORT), start(ben, SHORT)
        assert [place(ann, run) for run in (first, second, other, gone)] == [None, 2, 1, 3]
        shown = ben.get(f"/api/runs/{other}").json()
        assert (shown["group"], shown["owner"]) == ("Monday", ben.get("/api/me").json()["owner"])
        # Each changes their own, who has control everything.
        for refused in (ben.post(f"/api/runs/{second}/stop"), ben.delete(f"/api/runs/{second}")):
            assert (refused.status_code, refused.json()["code"]) == (403, "refused.not_yours")
        assert ann.patch(f"/api/runs/{second}", json={"name": "Ann's"}).status_code == 200
        assert server.client.post(f"/api/runs/{gone}/stop").status_code == 200
        assert place(ben, gone) is None
        server.process.kill()
        server.process.wait(PATIENCE)
    for run in (second, other):
        with open_recording(data / f"{run}.shiftscope") as recording:
            assert recording.last_seq == 0
    with serve(data, *FLAGS) as server:
        server.client.headers.update(teacher)
        assert server.run(first)["state"] == "interrupted"
        for run in (second, other):
            done = server.wait(run, "finished", "failed", "interrupted")
            assert (done["state"], done["reason"]) == ("finished", None)
        assert server.run(second)["name"] == "Ann's"


def test_no_route_lets_a_student_touch_anothers_run(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    with serve(data, *FLAGS) as server:
        links = LinkFile(data).current()
        ann, ben = (laptop(server, links.view) for _ in range(2))
        start(ann, LONG)
        run = start(ann, SHORT)
        before = ann.get(f"/api/runs/{run}").json()
        cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in ben.cookies.items())}
        # What tells Ben's browser from hers is no secret of hers that he could read.
        hers = {"cookie": f"{links.cookie}={links.view}.{before['owner']}"}
        spellings = (run, run.replace("-", "%2d"), f"%{ord(run[0]):x}{run[1:]}", f"x/../{run}")
        for name in (name for name, needs in ROUTES.items() if needs in {Needs.OWN, Needs.FEED}):
            method, path = name.split(" ")
            for spelled in spellings if "{run_id}" in path else ():
                for headers in ({}, hers, {"authorization": f"Bearer {links.view}"}, {"x-http-method-override": "GET"}):
                    address = path.replace("{run_id}", spelled)
                    answer = ben.request(method, address, headers=headers, json={"name": "Ben's"})
                    assert answer.status_code in {403, 404}, (method, address, answer.text)
        for hello, query in (({"run": run, "token": "guess"}, f"?run={run}"), ({"run": run, "token": ""}, "")):
            with pytest.raises(ConnectionClosed) as closed:
                Producer(server.url, hello, cookie, query)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
        after = ann.get(f"/api/runs/{run}").json()
        assert {**after, "place": before["place"]} == before
