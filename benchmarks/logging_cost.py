"""What a call of scope.log of two numbers costs the training thread, in microseconds.

    python benchmarks/logging_cost.py [--json] [--rounds 3]

A network of one layer, watched to a file with nothing due; each call's numbers are those of another step. The least of
the rounds, of which each has a scope of its own.

all_kept_us  at first, while each call's numbers are kept
thinned_us   later, when most are not
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from pathlib import Path

import torch

from shiftscope import watch
from shiftscope.engine.schedules import never
from shiftscope.probes.registry import warm_up

FIRST, LATER, CALLS = 200, 10_000, 1000
"""The calls before those that are timed, of both kinds, and how many are timed."""


def one_round(path: Path) -> tuple[float, float]:
    """Return what a call costs at first and later."""
    network = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    calls = itertools.count(1)

    with watch(network, to=path, optimizer=optimizer, schedule=never(), schedules={}) as scope:

        def log(times: int) -> float:
            spent = 0
            for call in itertools.islice(calls, times):
                network(torch.ones(3, 4)).sum().backward()
                optimizer.step()
                begin = time.thread_time_ns()
                scope.log(loss=1.0 / call, accuracy=0.5)
                spent += time.thread_time_ns() - begin
            return spent / times / 1000

        log(FIRST)
        first = log(CALLS)
        log(LATER)
        return first, log(CALLS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    warm_up()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        rounds = [one_round(Path(folder, f"{number}.shiftscope")) for number in range(given.rounds)]
    first, later = (round(min(found), 2) for found in zip(*rounds, strict=True))
    found = {"all_kept_us": first, "thinned_us": later}
    if given.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:12} {value:8.2f}")


if __name__ == "__main__":
    main()
