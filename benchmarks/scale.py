"""How costs grow: against layers, width, the length of a recording, viewers and runs, each with its measured slope.

    python benchmarks/scale.py [--json] [--only layers width steps viewers runs] [--seconds 6]

Each curve doubles or quadruples one number and leaves all others. A slope is the exponent of the power law that lies
nearest to its points (least squares in logarithms): 1 is in proportion, 0 not at all.

layers     a network of so many hidden layers of 64 units with BN, batch 32: what recording adds to a step, in
           microseconds of the processor's time, and the bytes of its frames
width      four hidden layers of so many units with BN, batch 32: the same
steps      a recording of so many frames of 2 kB: the processor's time to append one, bytes a frame on the disk, and
           the time to open it and read its last frame
viewers    that watch 30 frames of 6 kB a second: the server's share of a core, and the 99th percentile of the delay
runs       that send 30 frames of 2 kB a second each, watched by nobody: the server's share of a core, and the 99th
           percentile of the time from sending a frame to hearing that it will survive whatever is killed
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from websockets.asyncio.client import ClientConnection, connect

import load
from emitter import WIDTH, frame, header
from overhead import EVERY_STEP, time_of, watched
from serving import serving
from shiftscope.engine.schedules import at, every
from shiftscope.probes.registry import warm_up
from shiftscope.recording.documents import RunInfo
from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter
from shiftscope.wire.frames import Frame, encode
from shiftscope.wire.messages import Acknowledged, Begin, End, Hello
from workloads import Workload, mlp, start

RATE = 30
"""Frames a second."""
BLOCK = 64
"""Frames that are appended to a recording at once."""

Point = Mapping[str, float]
Curve = dict[str, Point]


class Counting:
    """A sink that keeps nothing but the number of bytes."""

    def __init__(self) -> None:
        self.bytes = self.frames = 0

    def frame(self, data: bytes) -> None:
        """Take note of a frame."""
        self.bytes += len(data)
        self.frames += 1

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Take whatever else a scope writes."""
        return lambda *_, **__: None


def looking(depth: int, width: int, seconds: float) -> Point:
    """Return what recording a step adds, by the medians of rounds that alternate with a loop that nobody watches."""
    workload = Workload("", "", lambda: mlp([784] + [width] * depth, torch.nn.ReLU), (784,), 32, 20)
    sink = Counting()
    bare = start(workload)
    scope, step = watched(start(workload), EVERY_STEP, {"": every()}, sink)
    unarmed, idle = watched(start(workload), EVERY_STEP, {"": at(0)}, Counting())
    ways = {"bare": bare.step, "idle": idle, "recorded": step}
    times: dict[str, list[float]] = {name: [] for name in ways}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(times["bare"]) < 5:
        for name, one in ways.items():
            times[name].append(time_of(one, workload.block) / 1000)
    took = {name: statistics.median(found) for name, found in times.items()}
    scope.close()
    unarmed.close()
    return {
        "bare_us": took["bare"],
        "added_us": took["recorded"] - took["bare"],
        "ratio": took["recorded"] / took["bare"],
        "not_due_us": took["idle"] - took["bare"],
        "frame_bytes": sink.bytes / (sink.frames or 1),
    }


def keeping(frames: int) -> Point:
    """Return what a recording of so many frames costs."""
    rows = np.random.default_rng(0).random((256, WIDTH), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "20260101-000000.shiftscope"
        writer = RecordingWriter.create(path, RunInfo(id="20260101-000000", name="long", source="script", created=0))
        writer.begin(header())
        spent = 0.0
        for some in _blocks(frames):
            block = [Frame.parse(encode(1, seq, seq, 1000.0 + seq, rows[seq % len(rows)])) for seq in some]
            begin = time.process_time()
            writer.append(block)
            spent += time.process_time() - begin
        writer.close()
        began = time.perf_counter()
        with open_recording(path) as recording:
            assert recording.read(frames - 1, frames)[-1].seq == frames
        return {
            "append_us": 1e6 * spent / frames,
            "bytes": path.stat().st_size / frames,
            "open_ms": 1000 * (time.perf_counter() - began),
        }


def _blocks(frames: int) -> Iterator[range]:
    for first in range(1, frames + 1, BLOCK):
        yield range(first, min(first + BLOCK, frames + 1))


def sending(runs: int, seconds: float) -> Point:
    """Return what so many producers at once ask of a server."""
    with tempfile.TemporaryDirectory() as folder, serving(folder, spare_worker=False) as server:
        delays, share = asyncio.run(_send_all(server.url, server.process.pid, runs, round(RATE * seconds)))
    return {"server_pct": share, "p50_ms": statistics.median(delays), "p99_ms": statistics.quantiles(delays, n=100)[98]}


async def _send_all(url: str, server: int, runs: int, frames: int) -> tuple[list[float], float]:
    address = f"{url.replace('http', 'ws', 1)}/api/ingest"
    sockets = [await _introduced(address) for _ in range(runs)]
    before, began = load.cpu_seconds(server), time.monotonic()
    # Each has a place of its own in the thirtieth of a second, as trainings have that know nothing of each other.
    found = await asyncio.gather(*(_send(one, frames, place / runs / RATE) for place, one in enumerate(sockets)))
    share = 100 * (load.cpu_seconds(server) - before) / (time.monotonic() - began)
    for socket in sockets:
        await socket.close()
    return [1000 * delay for delays in found for delay in delays], share


async def _introduced(address: str) -> ClientConnection:
    socket = await connect(address, proxy=None, compression=None)
    await socket.send(Hello(name="scale").to_json())
    await socket.recv()
    await socket.send(Begin(header=header()).to_json())
    return socket


async def _send(socket: ClientConnection, frames: int, offset: float) -> list[float]:
    """Send frames; return how long each took to be acknowledged."""
    sent: list[float] = []
    hearing = asyncio.create_task(_hear(socket, frames, sent))
    began = time.monotonic() + offset
    for seq in range(1, frames + 1):
        await asyncio.sleep(max(0.0, began + seq / RATE - time.monotonic()))
        sent.append(time.monotonic())
        await socket.send(frame(seq))
    delays = await asyncio.wait_for(hearing, 60)
    await socket.send(End(state="finished", reason="").to_json())
    return delays


async def _hear(socket: ClientConnection, frames: int, sent: Sequence[float]) -> list[float]:
    delays: list[float] = []
    while len(delays) < frames:
        said = str(await socket.recv())
        if '"acknowledged"' in said:
            now, upto = time.monotonic(), Acknowledged.model_validate_json(said).seq
            delays += [now - sent[seq] for seq in range(len(delays), upto)]
    return delays


def watching(viewers: int, seconds: float) -> Point:
    """Return what so many viewers ask of a server."""
    found = load.watched_by(viewers, RATE, seconds)
    return {"server_pct": found["server_pct"], "p99_ms": found["p99_ms"], "lost": found["lost"]}


CURVES: Mapping[str, tuple[tuple[int, ...], Callable[[int, float], Point]]] = {
    "layers": ((2, 4, 8, 16, 32, 64, 128), lambda count, seconds: looking(count, 64, seconds)),
    "width": ((32, 64, 128, 256, 512, 1024), lambda count, seconds: looking(4, count, seconds)),
    "steps": ((1000, 4000, 16_000, 64_000), lambda count, _: keeping(count)),
    "viewers": ((1, 10, 100, 1000), watching),
    "runs": ((1, 4, 16, 64), sending),
}


def slopes(curve: Curve) -> Point:
    """Return the exponent by which each figure grows, where all of its values are above zero."""
    x = np.log([float(name) for name in curve])
    found: dict[str, float] = {}
    for figure in next(iter(curve.values())):
        values = np.array([point[figure] for point in curve.values()])
        if (values > 0).all():
            found[figure] = float(np.polyfit(x, np.log(values), 1)[0])
    return found


def table(curve: Curve) -> None:
    """Print the points of a curve and its slopes."""
    columns = list(next(iter(curve.values())))
    print(f"{'':10}" + "".join(f"{column:>13}" for column in columns))
    for name, point in curve.items():
        print(f"{name:>10}" + "".join(f"{point[one]:13.4g}" if one in point else f"{'':13}" for one in columns))
    print(flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", nargs="+", choices=CURVES, default=list(CURVES), metavar="CURVE")
    parser.add_argument("--seconds", type=float, default=6, help="for each point")
    given = parser.parse_args()
    warm_up()
    torch.set_num_threads(1)
    found: dict[str, Curve] = {}
    for name in given.only:
        counts, measure = CURVES[name]
        curve: Curve = {str(count): measure(count, given.seconds) for count in counts}
        found[name] = curve | {"slope": slopes(curve)}
        if not given.json:
            print(name)
            table(found[name])
    if given.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
