"""Whether a server stays as it is: its memory, open files and threads, while runs come, are watched, and go.

    python benchmarks/soak.py [--json] [--minutes 30] [--rate 1000] [--viewers 20] [--frames 20000]

A script sends so many frames of 2 kB a second, in runs of so many frames, each watched by so many viewers and by as
many that come and leave all the time. What the server takes is read each second; the figures are medians of the second
fifth of the time and of the last.

first, last     of resident memory in MB, open files, threads
grown           the difference
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

import emitter
from crowd import Viewer
from load import crowd
from serving import serving
from shiftscope.sinks.socket import SocketSink

MOST_GROWN = {"memory_mb": 48.0, "files": 6.0, "threads": 4.0}
"""More than the last fifth may differ from the second: what the allocator keeps, and who is connected just then."""


def taken(pid: int) -> dict[str, float]:
    """Return what a process takes now (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {
        "memory_mb": int(fields["VmRSS"].split()[0]) / 1024,
        "files": len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208
        "threads": int(fields["Threads"]),
    }


def come_and_go(port: int, run: str, over: threading.Event) -> None:
    """Let one viewer after the other come and leave."""
    while not over.wait(0.2):
        Viewer(port, run, 0).socket.close()


def record(port: int, frames: int, rate: float, until: float, viewers: int) -> int:
    """Send a run before viewers, or as much of it as there is time for; return how many frames it had."""
    sink = SocketSink.connect(f"http://127.0.0.1:{port}", name="soak")
    sink.begin(emitter.header())
    over = threading.Event()
    visitors = threading.Thread(target=come_and_go, args=(port, sink.run, over))
    with crowd(port, sink.run, viewers):
        visitors.start()
        began, sent = time.monotonic(), 0
        while sent < frames and time.monotonic() < until:
            sent += 1
            sink.frame(emitter.frame(sent))
            time.sleep(max(0.0, began + sent / rate - time.monotonic()))
        over.set()
        visitors.join()
        sink.end("finished", "")
    return sent


def soak(seconds: float, rate: float, viewers: int, frames: int) -> dict[str, dict[str, float]]:
    """Let runs come and go for so long; return what the server took."""
    samples: list[dict[str, float]] = []
    over = threading.Event()
    with tempfile.TemporaryDirectory() as folder, serving(folder) as server:
        os.environ["SHIFTSCOPE_DATA"] = folder

        def sample() -> None:
            while not over.wait(min(1.0, seconds / 50)):
                samples.append(taken(server.process.pid))

        sampling = threading.Thread(target=sample)
        sampling.start()
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                record(server.port, frames, rate, until, viewers)
        finally:
            over.set()
            sampling.join()
    fifth = len(samples) // 5
    found = {}
    for name in MOST_GROWN:
        first = statistics.median(one[name] for one in samples[fifth : 2 * fifth])
        last = statistics.median(one[name] for one in samples[-fifth:])
        found[name] = {"first": first, "last": last, "grown": last - first}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=1000, help="frames a second")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--frames", type=int, default=20_000, help="of each run")
    options = parser.parse_args()
    found = soak(60 * options.minutes, options.rate, options.viewers, options.frames)
    if options.json:
        print(json.dumps(found))
    else:
        print(f"{'':12}" + "".join(f"{column:>12}" for column in ("first", "last", "grown")))
        for name, row in found.items():
            print(f"{name:12}" + "".join(f"{value:12.4g}" for value in row.values()))
    if any(row["grown"] > MOST_GROWN[name] for name, row in found.items()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
