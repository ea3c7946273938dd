"""How long a script waits for the scope to begin: its import, watch(), the first step, and the steps after it.

    python benchmarks/first_step.py [--json] [--seconds 10]

Each figure is of a process of its own: one that watches nothing, one that finds no compiled kernel on the machine, and
one that finds all of them. What the kernels' compilation costs beside the training shows in the steps after the first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from browsing import tell


def train(seconds: float, recording: str) -> dict[str, float]:
    """Train a small network for a while, watched where a recording is named; return times in ms."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = nn.Sequential(
        nn.Linear(784, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU(),
        nn.Linear(256, 10),
    )  # fmt: skip
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    found: dict[str, float] = {}
    if recording:
        begin = time.perf_counter()
        import shiftscope  # noqa: PLC0415  what is measured

        found["import_ms"] = 1000 * (time.perf_counter() - begin)
        begin = time.perf_counter()
        scope = shiftscope.watch(network, optimizer=optimizer, to=recording, schedule=shiftscope.every(1))
        found["watch_ms"] = 1000 * (time.perf_counter() - begin)
    steps, began = [], time.perf_counter()
    while time.perf_counter() - began < seconds:
        begin = time.perf_counter()
        loss = nn.functional.cross_entropy(network(torch.randn(60, 784)), torch.randint(0, 10, (60,)))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        steps.append(1000 * (time.perf_counter() - begin))
    if recording:
        scope.close()
    return found | {
        "first_step_ms": steps[0],
        "slowest_later_step_ms": max(steps[1:]),
        "median_of_first_second_ms": statistics.median(_within(steps, 1000)),
        "median_of_last_second_ms": statistics.median(_within(steps[::-1], 1000)),
        "steps": len(steps),
    }


def _within(steps: list[float], most: float) -> list[float]:
    """Return the first steps, as many as take no longer than `most` ms, but the first of all."""
    total, chosen = 0.0, steps[1:2]
    for step in steps[2:]:
        total += step
        if total > most:
            break
        chosen.append(step)
    return chosen


def in_process(seconds: float, recording: Path | None, cache: str) -> dict[str, Any]:
    """Train in a process of its own, with its cache of compiled kernels in a folder."""
    command = [sys.executable, __file__, "--inside", str(recording or ""), "--seconds", str(seconds)]
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=10, help="how long each process trains")
    parser.add_argument("--inside", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is not None:
        print(json.dumps(train(options.seconds, options.inside)))
        return
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        cache = str(Path(folder, "cache"))
        result["bare"] = in_process(options.seconds, None, cache)
        result["cold"] = in_process(options.seconds, Path(folder, "cold.sqlite3"), cache)
        fill = "from shiftscope.kernels.loading import load_now; load_now()"
        subprocess.run([sys.executable, "-c", fill], env=os.environ | {"NUMBA_CACHE_DIR": cache}, check=True)
        result["warm"] = in_process(options.seconds, Path(folder, "warm.sqlite3"), cache)
    flat = {f"{kind} {name}": round(value, 1) for kind, found in result.items() for name, value in found.items()}
    tell(flat, as_json=options.json)


if __name__ == "__main__":
    main()
