"""What is killed, stopped, cut off, filled up, taken away or set back while a run is recorded, and what is left of it.

    python benchmarks/chaos.py [--json] [--rounds 100] [--seed 0] [--kinds server worker ...]

Real processes: a server, a script that records (benchmarks/emitter.py), viewers. Each round does one thing at a moment
that the seed chooses, and then looks: there is one run, its recording has no gap, no frame twice, each as it was sent,
and all that was acknowledged; the run is in the state that is so, for the reason that is.

server      kill -9, and a server that is started again
worker      kill -9
script      kill -9
viewer      kill -9
stopped     the server is stopped (SIGSTOP) for longer than its script is patient, and goes on
script-stopped  the script is
disk        the disk is full, and is not any more: a small one of its own, where this process may mount it
folder      the folder with the recordings is removed
clock       the machine's clock is set by some hours, there or back
cut         the network between the two breaks
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chaos_stage import Found, Script, Stage

Kind = Callable[[Stage, random.Random], Found]


def under_way(stage: Stage, chance: random.Random, latest: float = 0.9) -> Script:
    """Return a script that has recorded a share of its steps, which the seed chooses."""
    script = stage.script()
    script.until(chance.uniform(0.1, latest))
    return script


def server(stage: Stage, chance: random.Random) -> Found:
    script = under_way(stage, chance)
    stage.kill_server()
    stage.start_server()
    return script.finished()


def worker(stage: Stage, chance: random.Random) -> Found:
    run = stage.trained()
    run.until_step(chance.randrange(1, 30))
    stage.kill_worker()
    return run.ended("failed", "end.worker_killed", "end.worker_killed_saying")


def script(stage: Stage, chance: random.Random) -> Found:
    script = stage.script(by_hand=True)
    script.until(chance.uniform(0.1, 0.6))
    acknowledged = script.kill()
    return script.absent(acknowledged)


def viewer(stage: Stage, chance: random.Random) -> Found:
    script = stage.script()
    viewers = stage.viewers(script.run)
    script.until(chance.uniform(0.1, 0.9))
    viewers.kill()
    viewers.communicate()
    return script.finished()


def stopped(stage: Stage, chance: random.Random) -> Found:
    script = under_way(stage, chance)
    with stage.server_stopped():
        time.sleep(chance.uniform(0.2, 1.5))
    return script.finished()


def script_stopped(stage: Stage, chance: random.Random) -> Found:
    script = under_way(stage, chance)
    with script.stopped():
        time.sleep(chance.uniform(0.2, 1.5))
    return script.finished()


def disk(stage: Stage, chance: random.Random) -> Found:
    script = under_way(stage, chance, 0.6)
    with stage.disk_full():
        time.sleep(chance.uniform(0.3, 1.0))
    return script.finished()


def folder(stage: Stage, chance: random.Random) -> Found:
    script = under_way(stage, chance, 0.4)
    stage.remove_folder()
    found = script.gone()
    stage.data.mkdir(exist_ok=True)
    return found


def clock(stage: Stage, chance: random.Random) -> Found:
    script = under_way(stage, chance)
    stage.move_clock(chance.uniform(-7200, 7200))
    return script.finished()


def cut(stage: Stage, chance: random.Random) -> Found:
    with stage.relay() as relay:
        script = stage.script(through=relay.url)
        for share in sorted(chance.uniform(0.1, 0.9) for _ in range(3)):
            script.until(share)
            relay.cut()
        return script.finished()


KINDS: dict[str, Kind] = {
    "server": server, "worker": worker, "script": script, "viewer": viewer, "stopped": stopped,
    "script-stopped": script_stopped, "disk": disk, "folder": folder, "clock": clock, "cut": cut,
}  # fmt: skip


def happen(stage: Stage, kinds: list[str], rounds: int, seed: int) -> dict[str, dict[str, float]]:
    """Let so many rounds happen, of one kind after the other; return by kind what was found, and print each fault."""
    table = {kind: dict.fromkeys(("rounds", "frames", "lost", "twice", "faults", "seconds"), 0.0) for kind in kinds}
    for place in range(rounds):
        kind = kinds[place % len(kinds)]
        began, row = time.monotonic(), table[kind]
        try:
            found = KINDS[kind](stage, random.Random(f"{seed} {place}"))
        except (TimeoutError, subprocess.TimeoutExpired) as error:  # the other rounds tell as much without this one
            found = Found(faults=[str(error)])
            stage.begin_again()
        row["rounds"] += 1
        row["seconds"] += time.monotonic() - began
        row["frames"] += found.frames
        row["lost"] += found.lost
        row["twice"] += found.twice
        row["faults"] += len(found.faults)
        for fault in found.faults:
            print(f"round {place}, {kind}: {fault}", file=sys.stderr, flush=True)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Stage(Path(name)) as stage:
        found = happen(stage, options.kinds, options.rounds, options.seed)
    if options.json:
        print(json.dumps(found))
    else:
        columns = next(iter(found.values()))
        print(f"{'':16}" + "".join(f"{column:>10}" for column in columns))
        for kind, row in found.items():
            print(f"{kind:16}" + "".join(f"{value:10.4g}" for value in row.values()))
    if any(row["lost"] or row["twice"] or row["faults"] for row in found.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
