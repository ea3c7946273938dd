"""A server with many viewers: what each of them sees when, and what the training that they watch feels of them.

    python benchmarks/load.py [--json] [--seconds 20] [--rate 30] [--viewers 1 100 300 1000] [--steps 6000]
                              [--watched 0 100] [--deaf 0 20] [--rounds 3]

Real processes: a server, what feeds it, and viewers (benchmarks/crowd.py: bare sockets, which parse frames and nothing
else) in two processes of their own. First a producer sends so many frames of 6 kB a second to so many viewers:

p50_ms ... max_ms   from a frame's making to its reading by a viewer, over all frames and viewers, the first tenth apart
lost, twice         frames that a viewer did not get, or got again
server_pct          of one core, that the server took
viewers_pct         of one core, that the viewers took

Then a run of the default config trains at full speed with so many viewers; what they take of the processor themselves
is kept apart: they run where nobody else wants to (SCHED_IDLE). Deaf viewers connect and never read.

wall_s              from the first step to the last, the least of the rounds, which alternate
slower_pct          against the run that nobody watches
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from serving import serving
from shiftscope.sinks.socket import SocketSink
from shiftscope.wire.frames import HEADER, LayoutBuilder, RunHeader, encode

WIDTH = 1500
PROCESSES = 2


@contextlib.contextmanager
def crowd(port: int, run: str, count: int, *flags: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Run viewers in processes of their own, and go on when all are connected."""
    shares = [count * (i + 1) // PROCESSES - count * i // PROCESSES for i in range(PROCESSES)]
    processes = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crowd.py")), str(port), run, str(share), *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
        if share
    ]
    try:
        for process in processes:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"  # noqa: PT018
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def cpu_seconds(pid: int) -> float:
    """Return what a process has taken so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watched_by(count: int, rate: float, seconds: float) -> dict[str, float]:
    """Send frames to so many viewers; return what they saw."""
    layers = LayoutBuilder(1, "layers")
    layers.add("mean", unit="1", network="a", layer="hidden 1", site="output", shape=(WIDTH,))
    network = {"name": "a", "layers": [{"name": "hidden 1", "features": WIDTH}]}
    layout = layers.build()
    row = np.random.default_rng(0).random(WIDTH, np.float32)
    frames = round(rate * seconds)
    with tempfile.TemporaryDirectory() as folder, serving(folder) as server:
        os.environ["SHIFTSCOPE_DATA"] = folder  # where what cannot be sent is kept
        sink = SocketSink.connect(server.url, name="load")
        sink.begin(RunHeader.model_validate({"networks": [network], "layouts": [layout], "total_steps": frames}))
        with crowd(server.port, sink.run, count, "--frame-bytes", str(HEADER.size + 4 * WIDTH)) as processes:
            time.sleep(1)  # the last have joined the others
            began, before = time.monotonic(), cpu_seconds(server.process.pid)
            for seq in range(1, frames + 1):
                time.sleep(max(0.0, began + seq / rate - time.monotonic()))
                sink.frame(encode(1, seq, seq, time.monotonic(), row))
            took, spent = time.monotonic() - began, cpu_seconds(server.process.pid) - before
            sink.end("finished", "")
            said = [json.loads(process.stdout.readline()) for process in processes if process.stdout]
    delays = [1000 * delay for one in said for delay in one["delays"]]
    ranks = statistics.quantiles(delays, n=100)
    return {
        "p50_ms": ranks[49], "p95_ms": ranks[94], "p99_ms": ranks[98],
        "max_ms": 1000 * max(one["longest"] for one in said),
        "lost": sum(one["gaps"] + sum(frames - last for last in one["last"]) for one in said),
        "twice": sum(one["twice"] for one in said),
        "server_pct": 100 * spent / took, "viewers_pct": 100 * sum(one["cpu"] for one in said) / took,
    }  # fmt: skip


def call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make one request and return its JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def trained(steps: int, viewers: int, deaf: int) -> tuple[float, float]:
    """Let a run train before so many viewers; return its wall time in seconds and the server's share of a core."""
    with tempfile.TemporaryDirectory() as folder, serving(folder) as server:
        url = f"{server.url}/api/runs"
        config = {"duration": {"kind": "steps", "steps": steps}, "pace": 0.1}
        run = call(url, {"config": config})["id"]
        deadline = time.monotonic() + 60
        while call(f"{url}/{run}")["state"] != "running":
            assert time.monotonic() < deadline, "the run does not begin"
            time.sleep(0.1)
        with crowd(server.port, run, viewers, "--idle"), crowd(server.port, run, deaf, "--idle", "--deaf"):
            time.sleep(1)  # they catch up
            before = cpu_seconds(server.process.pid)
            at = call(f"{url}/{run}")["step"]
            began = time.monotonic()
            change = urllib.request.Request(
                f"{url}/{run}", b'{"pace": null}', {"content-type": "application/json"}, method="PATCH"
            )
            urllib.request.urlopen(change, timeout=60).close()
            while (state := call(f"{url}/{run}"))["state"] == "running" and state["step"] < steps:
                assert time.monotonic() < began + 600, "the run does not end"
                time.sleep(0.02)
            took = time.monotonic() - began
            assert state["step"] - at > 0.9 * steps
            return took, 100 * (cpu_seconds(server.process.pid) - before) / took


def table(rows: dict[str, dict[str, float]]) -> None:
    """Print rows of figures."""
    for place, (name, found) in enumerate(rows.items()):
        if not place:
            print(f"{'':16}" + "".join(f"{column:>12}" for column in found))
        print(f"{name:16}" + "".join(f"{value:12.4g}" for value in found.values()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=30, help="frames a second")
    parser.add_argument("--viewers", type=int, nargs="*", default=[1, 100, 300, 1000])
    parser.add_argument("--steps", type=int, default=6000, help="of the run that trains")
    parser.add_argument("--watched", type=int, nargs="*", default=[0, 100])
    parser.add_argument("--deaf", type=int, nargs="*", default=[20])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seen = {f"{count} viewers": watched_by(count, options.rate, options.seconds) for count in options.viewers}
    kinds = [(count, 0) for count in options.watched] + [(0, count) for count in options.deaf]
    rounds = [[trained(options.steps, *kind) for kind in kinds] for _ in range(options.rounds)]
    best = [min(times) for times in zip(*rounds, strict=True)]
    if not rounds:
        kinds = []
    felt = {
        f"{viewers} viewers" if viewers or not deaf else f"{deaf} deaf": {
            "wall_s": wall, "slower_pct": 100 * (wall / best[0][0] - 1), "server_pct": share,
        }
        for (viewers, deaf), (wall, share) in zip(kinds, best, strict=True)
    }  # fmt: skip
    if options.json:
        print(json.dumps({"seen": seen, "training": felt}))
        return
    table(seen)
    print()
    table(felt)


if __name__ == "__main__":
    main()
