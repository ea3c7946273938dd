"""Viewers that cost little: bare sockets, many to a process, which count frames and their delays. Used by load.py.

    python benchmarks/crowd.py PORT RUN COUNT [--idle] [--deaf]

It prints "ready" when all are connected, and one JSON object when all streams are closed or its input is. A delay is
the time from the frame's header (by the clock of time.monotonic()) to the reading of the message that holds it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import selectors
import socket
import struct
import sys
import time

HEADER = struct.Struct("<IIQd")


class Viewer:
    """One stream. Counts what comes by its seq."""

    def __init__(self, port: int, run: str, frame_bytes: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(
            f"GET /api/runs/{run}/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: c2hpZnRzY29wZSBsb2FkIQ==\r\n\r\n".encode()
        )
        self.seqs: list[int] = []
        self.delays: list[float] = []
        self.closed = self.introduced = False
        self._frame_bytes = frame_bytes
        self._buffer = bytearray()
        self._begun = False

    def read(self, now: float) -> None:
        """Take what the socket has."""
        data = self.socket.recv(1 << 20)
        self.closed = not data
        self._buffer += data
        if not self._begun:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._begun = True
            del self._buffer[: end + 4]
        while message := self._message():
            opcode, payload = message
            if opcode == 9:  # ping: the same back, masked with zeros
                self.socket.sendall(bytes([0x8A, 0x80 | len(payload)]) + b"\0\0\0\0" + payload)
            elif opcode == 1:
                self.introduced = True
            elif opcode == 2 and self._frame_bytes:
                for at in range(0, len(payload), self._frame_bytes):
                    _, seq, _, made = HEADER.unpack_from(payload, at)
                    self.seqs.append(seq)
                    self.delays.append(now - made)

    def _message(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1] & 0x7F, 2
        if size == 126:
            at = 4
        elif size == 127:
            at = 10
        if at > 2:
            size = int.from_bytes(buffer[2:at], "big") if len(buffer) >= at else 1 << 60
        if len(buffer) < at + size:
            return None
        opcode, payload = buffer[0] & 0x0F, bytes(buffer[at : at + size])
        del buffer[: at + size]
        return opcode, payload


def watch(viewers: list[Viewer], *, idle: bool) -> None:
    """Read until all streams are closed, or the input is; print "ready" when all were told of the run."""
    selector = selectors.DefaultSelector()
    for viewer in viewers:
        selector.register(viewer.socket, selectors.EVENT_READ, viewer)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    left = coming = len(viewers)
    while left:
        for key, _ in selector.select():
            if key.data is None:
                return
            with contextlib.suppress(ConnectionError):
                key.data.read(time.monotonic())
            if coming and not (coming := sum(not one.introduced for one in viewers)):
                print("ready", flush=True)
                if idle:
                    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            if key.data.closed:
                selector.unregister(key.data.socket)
                left -= 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("run")
    parser.add_argument("count", type=int)
    parser.add_argument("--frame-bytes", type=int, default=0, help="of the run's only layout; 0: nothing is counted")
    parser.add_argument("--idle", action="store_true", help="take only what nobody else wants of the processor")
    parser.add_argument("--deaf", action="store_true", help="read nothing")
    options = parser.parse_args()
    viewers = [Viewer(options.port, options.run, options.frame_bytes) for _ in range(options.count)]
    if options.deaf:
        print("ready", flush=True)
        sys.stdin.read()
    else:
        watch(viewers, idle=options.idle)
    gaps = sum(len(set(range(1, max(one.seqs, default=0) + 1)) - set(one.seqs)) for one in viewers)
    twice = sum(len(one.seqs) - len(set(one.seqs)) for one in viewers)
    # The first second is that of coming, which others have measured.
    delays = sorted(delay for one in viewers for delay in one.delays[len(one.delays) // 10 :])
    result = {
        "gaps": gaps, "twice": twice, "last": [max(one.seqs, default=0) for one in viewers],
        "delays": delays[:: max(1, len(delays) // 20_000)], "longest": max(delays, default=0.0),
        "cpu": time.process_time(),
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
