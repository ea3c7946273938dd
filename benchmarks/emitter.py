"""A script that records so many frames, whose bytes their numbers tell, at so many a second. Used by chaos.py.

    python benchmarks/emitter.py URL FRAMES RATE FOLDER [--by-hand]

It prints its run, and when everything is kept "done". By hand it speaks the protocol itself, does not come back when
its connection breaks, and prints each seq up to which frames were acknowledged.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import numpy as np
from websockets.sync.client import connect

from shiftscope.sinks.queued import Closing
from shiftscope.sinks.socket import Limits, SocketSink
from shiftscope.sinks.uplink import Deadlines
from shiftscope.wire.frames import LayoutBuilder, RunHeader, encode
from shiftscope.wire.messages import Acknowledged, Begin, End, Hello, Welcome

WIDTH = 500
DEADLINES = Deadlines(dial=1, ping=0.2, silence=1, stall=0.2, spool=0.1, first_wait=0.02, longest_wait=0.2)
PATIENT = Closing(still=60, all=120)


def header() -> RunHeader:
    """Return what the frames hold."""
    layers = LayoutBuilder(1, "layers")
    layers.add("mean", unit="1", network="a", layer="hidden 1", site="output", shape=(WIDTH,))
    network = {"name": "a", "layers": [{"name": "hidden 1", "features": WIDTH}]}
    return RunHeader.model_validate({"networks": [network], "layouts": [layers.build()], "total_steps": None})


def frame(seq: int) -> bytes:
    """Return the frame with a number."""
    return encode(1, seq, seq, 1000.0 + seq, np.random.default_rng(seq).random(WIDTH, np.float32))


def emit(url: str, frames: int, rate: float, folder: Path) -> None:
    """Record by the sink that watch() uses."""
    sink = SocketSink.connect(url, name="chaos", limits=Limits(folders=(folder,), deadlines=DEADLINES, closing=PATIENT))
    print(sink.run, flush=True)
    sink.begin(header())
    for seq in range(1, frames + 1):
        sink.frame(frame(seq))
        time.sleep(1 / rate)
    sink.end("finished", "")
    print("done", flush=True)


def emit_by_hand(url: str, frames: int, rate: float) -> None:
    """Record by the protocol, printing what is acknowledged."""
    with connect(f"{url.replace('http', 'ws', 1)}/api/ingest", proxy=None, compression=None) as socket:
        socket.send(Hello(name="chaos").to_json())
        print(Welcome.model_validate_json(socket.recv()).run, flush=True)
        socket.send(Begin(header=header()).to_json())
        for seq in range(1, frames + 1):
            socket.send(frame(seq))
            with contextlib.suppress(TimeoutError):
                said = str(socket.recv(timeout=1 / rate))
                if '"acknowledged"' in said:
                    print(Acknowledged.model_validate_json(said).seq, flush=True)
        socket.send(End(state="finished", reason="").to_json())
    print("done", flush=True)


if __name__ == "__main__":
    url, frames, rate, folder = sys.argv[1:5]
    if "--by-hand" in sys.argv:
        emit_by_hand(url, int(frames), float(rate))
    else:
        emit(url, int(frames), float(rate), Path(folder))
