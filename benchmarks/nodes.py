"""How costs grow against the nodes of a Ray cluster, with the measured slopes.

    python benchmarks/nodes.py [--json] [--counts 1 2 4] [--runs 8] [--seconds 4]

Real processes: a head without cores, so many nodes of one core each, a server with --launcher ray, and runs that are
all started at once. All of it shares this machine's cores, so each run is paced to last so many seconds with little
work in them: what is seen is how runs are placed. As a worker takes some seconds of a core to start, more nodes than
there are cores gain less here than they would on machines of their own.

place_s    from asking for a run until it has its place, the median of those that need not wait for another's
start_s    from then until its first step, the median of all
runs_s     from asking for the first run until the last has ended
idle_pct   of a core: what the server and the process that speaks to Ray take while nothing is trained
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from load import cpu_seconds
from scale import Curve, Point, slopes, table
from serving import Server, serving
from shiftscope.recording.reader import open_recording

STEPS = 20
STORE_BYTES = 80 << 20
PATIENCE = 300.0
ON_LOOPBACK = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray takes 127.0.0.1 for this machine's address in the network, but where it makes no clusters of several machines."""


def measure(nodes: int, runs: int, seconds: float) -> Point:
    """Return what runs on a cluster of so many nodes take."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415  reads the environment when it is imported

    cluster = Cluster()
    made = [
        cluster.add_node(
            num_cpus=cpus, node_ip_address="127.0.0.1", object_store_memory=STORE_BYTES, include_dashboard=False
        )
        for cpus in (0, *[1] * nodes)
    ]
    flags = ("--launcher", "ray", "--ray-address", cluster.address)
    try:
        with tempfile.TemporaryDirectory() as folder, serving(folder, spare_worker=False, flags=flags) as server:
            _wait(lambda: len(_ask(server, "/api/cluster")["nodes"]) > nodes)
            idle = _share(server, seconds)
            config = {
                "duration": {"kind": "steps", "steps": STEPS}, "pace": STEPS / seconds, "probes": "essential",
                "network": {"depth": 2, "width": 6}, "resources": {"cpus": 1},
            }  # fmt: skip
            names = [_ask(server, "/api/runs", {"config": config})["id"] for _ in range(runs)]
            _wait(lambda: all(_ask(server, f"/api/runs/{name}")["ended"] for name in names))
            views = [_ask(server, f"/api/runs/{name}") for name in names]
            placed = [_placed(Path(folder, f"{name}.shiftscope")) for name in names]
    finally:
        for one in reversed(made):
            one.kill_all_processes(check_alive=False, allow_graceful=False)
    if failed := [view for view in views if view["state"] != "finished"]:
        raise RuntimeError(f"a run has not finished: {failed[0]['reason']}")
    waits = sorted(at - view["created"] for at, view in zip(placed, views, strict=True))
    return {
        "place_s": statistics.median(waits[:nodes]),
        "start_s": statistics.median(view["started"] - at for at, view in zip(placed, views, strict=True)),
        "runs_s": max(view["ended"] for view in views) - min(view["created"] for view in views),
        "idle_pct": idle,
    }


def _placed(path: Path) -> float:
    with open_recording(path) as recording:
        return next(event.time for event in recording.journal() if event.kind == "placed")


def _share(server: Server, seconds: float) -> float:
    """Return what of a core a server and what it has started take."""
    pids = [server.process.pid, *_children(server.process.pid)]
    before, began = sum(map(cpu_seconds, pids)), time.monotonic()
    time.sleep(seconds)
    return 100 * (sum(map(cpu_seconds, pids)) - before) / (time.monotonic() - began)


def _children(pid: int) -> list[int]:
    return [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]


def _ask(server: Server, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  JSON
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def _wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"waited for {PATIENCE:.0f} s")
        time.sleep(0.1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 4], help="of nodes")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4, help="that each run lasts")
    given = parser.parse_args()
    os.environ |= ON_LOOPBACK
    curve: Curve = {str(count): measure(count, given.runs, given.seconds) for count in given.counts}
    curve |= {"slope": slopes(curve)}
    if given.json:
        print(json.dumps(curve))
    else:
        table(curve)


if __name__ == "__main__":
    main()
