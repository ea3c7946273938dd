"""Runs on a real Ray cluster: a head and two nodes, each of its own processes, and what of them is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shiftscope.recording.reader import open_recording
from tests.cluster.conftest import RayCluster, serve_on
from tests.conftest import LiveServer
from tests.relay import Relay
from tests.server.test_restarts import RUN as RESTARTED
from tests.server.test_restarts import is_restarted, restarts, same_as, state
from tests.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SHORT: dict[str, Any] = {
    "duration": {"kind": "steps", "steps": 5},
    "recording": {"kind": "every", "every": 1},
    "probes": "essential",
}
LONG = SHORT | {"duration": {"kind": "steps", "steps": 1_000_000}}
ENDED = {"finished", "failed", "stopped", "interrupted"}


def frames(server: LiveServer, run: str) -> list[int]:
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        return [frame.seq for frame in recording.read()]


def waits_for(server: LiveServer, run: str) -> str:
    view = server.run(run)
    return view["preparing"]["code"] if view["state"] == "queued" and view["preparing"] else ""


def all_ended(server: LiveServer, runs: list[str]) -> list[dict[str, Any]]:
    """Return the runs once all have ended: as long as one after the other does they may take what they need.

    In which order is Ray's affair: one that was about to begin on a node that died may well be the last.
    """
    left = set(runs)

    def ended() -> set[str]:
        return {run for run in left if server.run(run)["state"] in ENDED}

    def missing() -> list[dict[str, Any]]:
        return [server.run(run) for run in left]

    while left:
        left -= eventually(ended, missing, every=0.5)
    return [server.run(run) for run in runs]


@pytest.mark.timeout(1500)
def test_twenty_runs_queue_over_nodes_of_which_one_is_killed(cluster: RayCluster, ray_server: LiveServer) -> None:
    server = ray_server
    runs = [server.start(config=SHORT)["id"] for _ in range(20)]
    eventually(lambda: waits_for(server, runs[-1]) == "wait.cpus", lambda: server.run(runs[-1]))
    standing = server.client.get("/api/cluster").json()
    assert (standing["launcher"], [node["name"] for node in standing["nodes"]]) == ("ray", ["head", "one", "two"])
    eventually(lambda: {server.run(run)["node"] for run in runs} == {"", "one", "two"}, "both nodes to train")
    cluster.kill("two")
    cluster.add("three")
    views = all_ended(server, runs)
    failed = [view["reason"] for view in views if view["state"] != "finished"]
    assert [(reason["code"], reason["values"]) for reason in failed] == [("end.node_died", {"node": "two"})] * len(
        failed
    )
    assert len(failed) <= 1  # the one that it trained
    assert {view["node"] for view in views} == {"one", "two", "three"}
    assert [frames(server, view["id"]) for view in views] == [list(range(1, view["seq"] + 1)) for view in views]


def test_a_node_that_is_killed_in_mid_run_fails_it_by_its_name(cluster: RayCluster, ray_server: LiveServer) -> None:
    run = ray_server.start(config=LONG)["id"]
    node = ray_server.wait_for_step(run, 20)["node"]
    seen = ray_server.run(run)["seq"]
    cluster.kill(node)
    failed = ray_server.wait(run, "failed")
    assert (failed["reason"]["code"], failed["reason"]["values"]) == ("end.node_died", {"node": node})
    assert failed["seq"] >= seen
    assert frames(ray_server, run) == list(range(1, failed["seq"] + 1))
    cluster.add(node)


def test_a_run_with_checkpoints_goes_on_on_another_node_with_the_same_bits(
    cluster: RayCluster, ray_server: LiveServer
) -> None:
    server = ray_server
    whole, run = (server.start(config=RESTARTED | {"pace": pace})["id"] for pace in (None, 20))
    node = server.wait_for_step(run, 90)["node"]
    eventually(state(server, run).is_file)
    cluster.kill(node)
    is_restarted(server, run, 1)
    server.client.patch(f"/api/runs/{run}", json={"pace": None}).raise_for_status()
    assert server.wait(run, *ENDED)["state"] == "finished"
    assert server.run(run)["node"] not in {"", node}
    assert restarts(server, run)[0] >= RESTARTED["checkpoint_every"]
    assert server.wait(whole, *ENDED)["state"] == "finished"
    assert same_as(server, run, whole)
    cluster.add(node)


def test_what_a_node_could_not_send_arrives_when_the_network_is_back(cluster: RayCluster, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = SHORT | {"duration": {"kind": "steps", "steps": 200}, "pace": 100}
    with Relay(port) as relay, serve_on(cluster, tmp_path / "runs", "--worker-url", relay.url, port=port) as server:
        run = server.start(config=config)["id"]
        step = server.wait_for_step(run, 20)["step"]
        relay.hold()
        relay.cut()
        known = relay.connections
        eventually(lambda: relay.connections > known + 1, "the worker to try again")
        assert server.run(run)["absence"]["code"].startswith("absence.")
        relay.release()
        finished = server.wait(run, *ENDED)
        assert (finished["state"], finished["step"], step < 200) == ("finished", 200, True)
        assert frames(server, run) == list(range(1, finished["seq"] + 1))


def test_verify_finds_on_the_cluster_what_it_finds_here(cluster: RayCluster) -> None:
    found = []
    for launcher in (["--launcher", "ray", "--ray-address", cluster.address], ["--jobs", "1"]):
        command = [sys.executable, "-m", "shiftscope.cli", "verify", "redundant-bias", "--quick", "--json"]
        ran = subprocess.run([*command, *launcher], capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert ran.returncode == 0, ran.stderr
        found.append([json.loads(line) | {"seconds": 0} for line in ran.stdout.splitlines() if line.startswith("{")])
    assert len(found[0]) == 1
    assert found[0] == found[1]


def test_a_killed_server_loses_no_frame_and_what_waited_is_trained_by_the_next(
    cluster: RayCluster, tmp_path: Path
) -> None:
    with serve_on(cluster, tmp_path / "runs") as server:
        running = [server.start(config=LONG)["id"] for _ in range(2)]
        waiting = server.start(config=SHORT)["id"]
        seen = {run: server.wait_for_step(run, 10)["seq"] for run in running}
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE)
    with serve_on(cluster, tmp_path / "runs") as server:
        assert server.wait(waiting, *ENDED)["state"] == "finished"
        for run in running:
            found = server.run(run)
            assert (found["state"], found["reason"]["code"]) == ("interrupted", "end.server_ended")
            assert found["seq"] >= seen[run]
            assert frames(server, run) == list(range(1, found["seq"] + 1))


def test_a_head_that_is_killed_fails_what_ran_and_what_waits_waits_for_the_next(
    cluster: RayCluster, ray_server: LiveServer
) -> None:
    server = ray_server
    run = server.start(config=LONG)["id"]
    greedy = server.start(config=SHORT | {"resources": {"cpus": 2}})["id"]
    seen = server.wait_for_step(run, 20)["seq"]
    assert waits_for(server, greedy) == "wait.no_such_node"
    cluster.kill_head()
    failed = server.wait(run, "failed")
    assert failed["reason"]["code"] == "end.cluster_lost"
    assert failed["seq"] >= seen
    assert frames(server, run) == list(range(1, failed["seq"] + 1))
    eventually(lambda: waits_for(server, greedy) == "wait.cluster", lambda: server.run(greedy))
    assert server.client.get("/api/cluster").json()["trouble"]["code"] == "wait.cluster"
    cluster.begin_again("large", cpus=2)
    finished = server.wait(greedy, *ENDED)
    assert (finished["state"], finished["node"]) == ("finished", "large")
