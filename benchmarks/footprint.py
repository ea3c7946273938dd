"""How much memory and disk it takes to look at a training.

    python benchmarks/footprint.py [--json] [--steps 10000] [--frames 2000]

memory_mb      by how much more the resident memory of a process grows in so many steps of W1 when each step is recorded
               to a file than when the loop is bare; each in a process of its own, counted from its 1,000th step on
recording_mb   a recording of so many frames of two networks of W2, with all that a run of the page records; and which
               streams and quantities take the room
allocator      a step of W3 with all that the tier `full` looks at in passing recorded at each step, under the allocator
               settings that workers are started with, over a bare step without them (wall time, processes of their
               own, one thread)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from shiftscope import open_recording, watch
from shiftscope.engine.schedules import at, before, every
from shiftscope.launchers.base import ALLOCATOR
from shiftscope.probes.registry import warm_up
from workloads import WORKLOADS, Loop, start

PARTS = ("memory", "allocator", "recording")
SETTLED = 1000
"""Steps after which a process has all the memory that it needs."""


def resident_mb() -> float:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def watched_step(loop: Loop, path: Path, probes: str) -> Any:  # noqa: ANN401  a function without arguments
    """Record each step of a loop; return its step."""
    schedules = {"channels": every(), "drift": at(0), "sampling_shift": at(0)}
    scope = watch(loop.network, to=path, probes=probes, schedule=every(), schedules=schedules)

    def step() -> None:
        loss, batch = loop.backward()
        scope.measure(loss, learning_rate=0.05, batch=batch)
        loop.optimizer.step()
        scope.step()

    return step


def growth(how: str, steps: int) -> float:
    """Train W1 in this process; return by how many MB it grew after SETTLED steps."""
    loop = start(WORKLOADS[0])
    with tempfile.TemporaryDirectory() as folder:
        step = loop.step if how == "bare" else watched_step(loop, Path(folder) / "run.shiftscope", "standard")
        for _ in range(SETTLED):
            step()
        settled = resident_mb()
        for _ in range(steps):
            step()
        return resident_mb() - settled


def seconds_a_step(how: str, steps: int) -> float:
    """Train W3 in this process; return the wall time of a step."""
    loop = start(WORKLOADS[2])
    with tempfile.TemporaryDirectory() as folder:
        step = loop.step if how == "bare" else watched_step(loop, Path(folder) / "run.shiftscope", "full")
        step()
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        return (time.perf_counter() - begin) / steps


def recording(frames: int) -> dict[str, Any]:
    """Record two networks of W2; return the size in MB, and of each stream and the largest quantities."""
    loops = {"one": start(WORKLOADS[1]), "other": start(WORKLOADS[1])}
    networks = {name: loop.network for name, loop in loops.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.shiftscope"
        loss = torch.nn.functional.cross_entropy
        scope = watch(networks, to=path, probes="full", schedule=before(frames), total_steps=frames, loss=loss)
        with scope:
            for _ in range(frames):
                found = {name: loop.backward() for name, loop in loops.items()}
                losses = {name: one for name, (one, _) in found.items()}
                scope.measure(losses, learning_rate=0.05, batch=found["one"][1])
                for loop in loops.values():
                    loop.optimizer.step()
                scope.step()
        with open_recording(path) as opened:
            sizes = opened.sizes()
        streams = {stream: round(sum(parts.values()) / 1e6, 1) for stream, parts in sizes.items()}
        quantities = {f"{s}/{q}": round(size / 1e6, 1) for s, parts in sizes.items() for q, size in parts.items()}
        largest = dict(sorted(quantities.items(), key=lambda item: -item[1])[:8])
        return {"recording_mb": path.stat().st_size / 1e6, "streams_mb": streams, "largest_mb": largest}


def elsewhere(what: str, how: str, count: int, environment: dict[str, str] | None = None) -> float:
    """Run `what` of this file in a process of its own; return the number that it prints."""
    command = [sys.executable, __file__, "--child", what, how, str(count)]
    variables = os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {})
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=variables).stdout)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=2_000)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure these alone")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    warm_up()  # benchmarks/first_step.py measures what is done until kernels are compiled
    torch.set_num_threads(1)
    if given.child:
        what, how, count = given.child
        print({"growth": growth, "seconds": seconds_a_step}[what](how, int(count)))
        return
    found: dict[str, Any] = {}
    if "memory" in given.only:
        found["memory_mb"] = elsewhere("growth", "watched", given.steps) - elsewhere("growth", "bare", given.steps)
    if "allocator" in given.only:
        rounds = [(elsewhere("seconds", "watched", 4, ALLOCATOR), elsewhere("seconds", "bare", 4)) for _ in range(3)]
        found["allocator"] = sorted(watched / bare for watched, bare in rounds)[1]
    if "recording" in given.only:
        found |= recording(given.frames)
    if given.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:14s} {value:.2f}" if isinstance(value, float) else f"{name:14s} {value}")


if __name__ == "__main__":
    main()
