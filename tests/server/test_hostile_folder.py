"""One bad recording must not matter: all of them in one folder change nothing for the good run beside them."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.conftest import LiveServer, serve
from tests.hostile.making import good
from tests.hostile.recordings import HOSTILE
from tests.waiting import PATIENCE, eventually
from tests.websocket import connect

GOOD = "good"


def runs(server: LiveServer) -> list[dict[str, Any]]:
    """Return all runs, page by page."""
    found: list[dict[str, Any]] = []
    address: str | None = "/api/runs?limit=50"
    while address:
        answer = server.client.get(address).raise_for_status()
        found += answer.json()
        address = answer.links.get("next", {}).get("url")
        address = address and f"/api/{address}"
    return found


def watched(server: LiveServer, run: str) -> tuple[list[Any], list[bytes]]:
    """Return what a viewer of a run is sent."""
    texts, frames = [], []
    with connect(f"{server.url}/api/runs/{run}/stream") as socket:
        try:
            while True:
                message = socket.recv(timeout=PATIENCE)
                (frames if isinstance(message, bytes) else texts).append(message)
        except ConnectionClosed:
            pass
    return [json.loads(text) for text in texts], frames


def shown(server: LiveServer) -> list[Any]:
    """Return all that a server shows of the good run."""
    answers = [server.client.get(f"/api/runs/{GOOD}{part}").raise_for_status() for part in ("", "/curve", "/recording")]
    return [answers[0].json(), answers[1].json(), answers[2].content, watched(server, GOOD)]


def test_a_good_run_is_the_same_beside_all_that_is_hostile(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    data.mkdir()
    good(data / f"{GOOD}.shiftscope")
    with serve(data) as alone:
        before = shown(alone)
        assert [run["id"] for run in runs(alone)] == [GOOD]
    assert before[3][1]
    for what, make in HOSTILE.items():
        make(data / f"{what}.shiftscope")
    good(data / "twin.shiftscope")
    (data / "copy of good.shiftscope").write_bytes((data / f"{GOOD}.shiftscope").read_bytes())
    files = {path.name for path in data.glob("*.shiftscope") if path.is_file()}
    with serve(data) as server:
        eventually(lambda: len(runs(server)) == len(files), lambda: f"{len(runs(server))} of {len(files)}")
        listed = runs(server)
        assert {run["file"] for run in listed} == files
        assert len({run["id"] for run in listed}) == len(files)
        (copy,) = [run for run in listed if run["copy_of"] == GOOD]
        assert copy["file"] == "copy of good.shiftscope"
        assert shown(server) == before
        assert sum(run["damage"] is not None for run in listed) > 150
        assert str(tmp_path) not in json.dumps(listed)
        strange = [run["damage"]["code"] for run in listed if "log-of-another" in run["file"]]
        assert strange == ["recording.strange_log"] * 2
        for run in listed[::3]:
            for part in ("", "/curve"):
                assert server.client.get(f"/api/runs/{run['id']}{part}").status_code == 200, run
        secret = next(run for run in listed if run["file"] == "file-that-links-to-a-secret.shiftscope")
        refused = server.client.get(f"/api/runs/{secret['id']}/recording")
        assert (refused.status_code, refused.json()["code"]) == (403, "refused.linked")
        too_long = server.client.get("/api/runs/file-of-4-TB/recording")
        assert (too_long.status_code, too_long.json()["code"]) == (507, "recording.not_copied")
        begun = server.client.post("/api/runs")  # lengths fill no folder
        assert begun.status_code == 201, begun.text
        assert server.client.delete(f"/api/runs/{begun.json()['id']}").status_code == 204
        for run in [one for one in listed if one["damage"]][::10]:
            watched(server, run["id"])
        assert server.client.get("/api/trials").status_code == 200
        for run in listed:
            if run["id"] not in {GOOD, "twin"}:
                answer = server.client.delete(f"/api/runs/{run['id']}")
                assert answer.status_code == 204, (run, answer.text)
        assert {run["id"] for run in runs(server)} == {GOOD, "twin"}
        assert shown(server) == before
        assert server.client.get("/api/health").json()["status"] == "ok"
    assert server.process.returncode == -signal.SIGTERM
