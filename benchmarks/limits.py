"""How long /api/health waits, and what the server keeps, while somebody sends it what nobody should.

    python benchmarks/limits.py [--json] [--seconds 2]

On a machine with other work, run it where nobody comes before it (chrt -f 5 python benchmarks/limits.py).

A real server; one thread asks for /api/health over and over while another attacks, each attack for so many seconds.

p50_ms ... worst_ms of an answer of /api/health
kept_mb             by how much the server's resident memory is larger afterwards
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from serving import serving

HEAD = b"POST /api/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
ENTRY: dict[str, Any] = {"network": "a", "site": "output", "unit": "1", "shape": [], "coordinates": None}


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def send(port: int, head: bytes, chunk: bytes, times: int) -> None:
    """Send a head and a chunk so many times, until the server closes."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(chunk)
        connection.recv(1000)


@contextlib.contextmanager
def producer(port: int) -> Iterator[ClientConnection]:
    """Say hello as a script; what the server closes is over."""
    with (
        contextlib.suppress(ConnectionClosed, OSError),
        connect(f"ws://127.0.0.1:{port}/api/ingest", proxy=None, compression=None, max_size=None) as link,
    ):
        link.send('{"type": "hello", "name": "attack"}')
        link.recv()
        yield link


def begin(entries: int) -> str:
    """Return a begin with so many entries."""
    laid = [ENTRY | {"layer": f"hidden {i // 20}", "quantity": f"q{i % 20}", "offset": i} for i in range(entries)]
    header = {"networks": [{"name": "a", "layers": []}], "layouts": [{"stream": 1, "name": "layers", "entries": laid}]}
    return json.dumps({"type": "begin", "header": header})


def said(port: int, *messages: str | bytes) -> None:
    """Send messages of a producer, and wait until the server closes or answers."""
    with producer(port) as link:
        for message in messages:
            link.send(message)
        with contextlib.suppress(TimeoutError):
            link.recv(timeout=5)


def watched(port: int, text: str) -> None:
    """Begin a run with many entries, and look at it from ten pages."""
    with producer(port) as link:
        link.send(text)
        runs = http.client.HTTPConnection("127.0.0.1", port)
        runs.request("GET", "/api/runs")
        run = json.loads(runs.getresponse().read())[0]["id"]
        address = f"ws://127.0.0.1:{port}/api/runs/{run}/stream"
        for _ in range(10):
            with connect(address, proxy=None, compression=None, max_size=None) as viewer:
                viewer.recv()


def attacks() -> dict[str, Callable[[int], None]]:
    """Return the attacks by name; what they send is made before."""
    lists = '{"type": "event", "kind": "note", "step": 1, "message": "", "value": [' + "[]," * 4_999_999 + "[]]}"
    largest = '{"type": "event", "kind": "note", "step": 1, "message": "", "value": [' + "[]," * 4_990 + "[]]}"
    huge, most, usual = begin(100_000), begin(48_000), begin(5_000)
    empty = b"".join([b"\0" * 24] * 1_000_000)
    return {
        "nothing": lambda _: time.sleep(1),
        "a header of 30 MB": lambda port: send(port, HEAD + b"x: ", b"y" * 300_000, 100),
        "a body of 400 MB of blanks": lambda port: send(
            port, HEAD + b"content-length: 400000000\r\n\r\n", b" " * 10**6, 400
        ),
        "requests without an end, none of whose answers is read": lambda port: send(
            port, b"", b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n" * 2000, 400
        ),
        "the same in chunks": lambda port: send(
            port, HEAD + b"transfer-encoding: chunked\r\n\r\n", b"f4240\r\n" + b" " * 10**6 + b"\r\n", 400
        ),
        "an event of 5 million lists": lambda port: said(port, lists),
        "the largest event that is taken": lambda port: said(port, *[largest] * 20),
        "a message of a million frames": lambda port: said(port, begin(0), empty),
        "layouts of 100,000 entries": lambda port: said(port, huge),
        "layouts of 48,000 entries, which are taken": lambda port: said(port, most),
        "layouts of 5,000 entries, seen from ten pages": lambda port: watched(port, usual),
    }


def asked_once(port: int) -> None:
    """Return once the server answers: what it takes to begin is no stall."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/api/ready")
    connection.getresponse().read()
    connection.close()


def asked(port: int, over: threading.Event) -> list[float]:
    """Return how long each answer of /api/health took, in ms."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    while not over.is_set():
        before = time.perf_counter()
        connection.request("GET", "/api/health")
        connection.getresponse().read()
        took.append(1e3 * (time.perf_counter() - before))
        time.sleep(0.002)
    return took


def measured(pid: int, port: int, attack: Callable[[int], None], seconds: float) -> dict[str, float]:
    """Return what an attack does to the server."""
    over, answers = threading.Event(), list[float]()
    asking = threading.Thread(target=lambda: answers.extend(asked(port, over)))
    before = resident(pid)
    asking.start()
    end = time.monotonic() + seconds
    while True:
        # In a process of its own: what it takes of the interpreter delays nobody who asks.
        attacking = multiprocessing.get_context("fork").Process(target=attack, args=(port,))
        attacking.start()
        attacking.join()
        if time.monotonic() > end:
            break
    over.set()
    asking.join()
    return {
        "p50_ms": round(statistics.median(answers), 1),
        "p99_ms": round(statistics.quantiles(answers, n=100)[-1], 1),
        "worst_ms": round(max(answers), 1),
        "kept_mb": round(resident(pid) - before, 1),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=2.0, help="that each attack lasts at least")
    given = parser.parse_args()
    found: dict[str, Any] = {}
    prepared = attacks()
    # A spare worker loads torch for seconds, on a core that is wanted.
    with (
        tempfile.TemporaryDirectory(prefix="shiftscope-limits-") as folder,
        serving(folder, spare_worker=False) as server,
    ):
        asked_once(server.port)
        for name, attack in prepared.items():
            found[name] = measured(server.process.pid, server.port, attack, given.seconds)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{'':46}{'p50 ms':>8}{'p99 ms':>8}{'worst ms':>10}{'kept MB':>9}")
    for name, row in found.items():
        print(f"{name:46}{row['p50_ms']:8}{row['p99_ms']:8}{row['worst_ms']:10}{row['kept_mb']:9}")


if __name__ == "__main__":
    main()
