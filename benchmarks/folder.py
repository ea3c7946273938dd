"""A folder with many recordings: how long a server takes to start, what it holds, how long a page of the list takes.

    python benchmarks/folder.py --recordings 10000

The recordings are copies of one small run, each under a name and an id of its own. The first start has no index and
reads them while it serves; the second is a start as usual.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from serving import serving
from shiftscope.config import RunConfig
from shiftscope.recording.documents import APPLICATION_ID, SUFFIX, Event, RunInfo
from shiftscope.recording.index import NAME
from shiftscope.recording.schema import TABLES

STATES = ("preparing", "running", "finished")


def make(folder: Path, count: int) -> None:
    """Write recordings: one of format 1, which has no checksums, and copies of it under other ids."""
    info = RunInfo(id="20260101-000000", name="a run", source="worker", created=1.7e9, config=RunConfig())
    first = folder / f"{info.id}{SUFFIX}"
    with closing(sqlite3.connect(first)) as connection, connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;")
        connection.executescript(";".join(TABLES[1].values()))
        connection.execute("INSERT INTO document VALUES ('run', ?)", (info.model_dump_json(),))
        for step, state in enumerate(STATES):
            event = Event(time=1.7e9 + step, step=step, kind="state", value=state)
            connection.execute("INSERT INTO journal (body) VALUES (?)", (event.model_dump_json(),))
    template = first.read_bytes()
    for at in range(1, count):
        run = f"20260101-{at:06d}"
        (folder / f"{run}{SUFFIX}").write_bytes(template.replace(info.id.encode(), run.encode()))


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int, float]]:
    """Yield a server's address, its process and the seconds until it answered."""
    begun = time.monotonic()
    with serving(folder, spare_worker=False) as (process, url):
        urllib.request.urlopen(f"{url}/api/health").read()
        yield url, process.pid, time.monotonic() - begun


def megabytes(pid: int) -> float:
    """Return the memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def pages(url: str, limit: int) -> tuple[int, list[float]]:
    """Return how many runs a server lists, and how many milliseconds each page took."""
    took: list[float] = []
    runs, address = 0, f"{url}/api/runs?limit={limit}"
    while address:
        begun = time.monotonic()
        with urllib.request.urlopen(address) as answer:
            runs += len(json.load(answer))
            link = re.search(r"<([^>]+)>", answer.headers.get("Link", ""))
        took.append(1e3 * (time.monotonic() - begun))
        address = f"{url}/api/{link[1]}" if link else ""
    return runs, took


def indexed(folder: Path) -> int:
    """Return how many recordings the index knows."""
    with closing(sqlite3.connect(f"file:{folder / NAME}?mode=ro", uri=True, timeout=60)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    return int(found)


def start(folder: Path, count: int, limit: int) -> dict[str, Any]:
    """Start a server, wait until it lists everything, and measure."""
    with served(folder) as (url, pid, ready):
        begun = time.monotonic()
        while indexed(folder) < count:
            time.sleep(2.0)
        found = {"ready_s": ready, "whole_s": ready + time.monotonic() - begun}
        runs, took = pages(url, limit)
        return found | {"runs": runs, "page_ms": median(took), "worst_page_ms": max(took), "memory_mb": megabytes(pid)}


def main() -> None:
    """Make the folder, start a server on it without and with an index, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=1000)
    parser.add_argument("--page", type=int, default=100, help="runs on a page of the list")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shiftscope-folder-") as folder:
        empty = start(Path(folder), 0, arguments.page)
        make(Path(folder), arguments.recordings)
        results = {
            "no recordings": empty,
            "without an index": start(Path(folder), arguments.recordings, arguments.page),
            "with an index": start(Path(folder), arguments.recordings, arguments.page),
        }
    if arguments.json:
        print(json.dumps(results, indent=1))
        return
    page = f"page of {arguments.page}"
    print(f"{'start':20} {'ready':>8} {'all listed':>11} {page:>14} {'worst':>9} {'memory':>9}")
    for name, one in results.items():
        print(
            f"{name:20} {one['ready_s']:6.1f} s {one['whole_s']:9.1f} s {one['page_ms']:11.1f} ms"
            f" {one['worst_page_ms']:6.1f} ms {one['memory_mb']:6.0f} MB"
        )


if __name__ == "__main__":
    main()
