"""A producer that speaks docs/protocol.md by hand: frames with known bytes, no torch."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

import numpy as np
from websockets.sync.client import ClientConnection

from shiftscope.wire.frames import LayoutBuilder, encode
from tests.waiting import PATIENCE
from tests.websocket import connect

WIDTH = 1500


def header(width: int = WIDTH, total_steps: int | None = None) -> dict[str, Any]:
    layers = LayoutBuilder(1, "layers")
    layers.add("mean", unit="1", network="a", layer="hidden 1", site="output", shape=(width,))
    network = {"name": "a", "layers": [{"name": "hidden 1", "features": width}]}
    return {"networks": [network], "layouts": [layers.build().model_dump(mode="json")], "total_steps": total_steps}


def frame(seq: int, width: int = WIDTH) -> bytes:
    """Return a frame whose row is told by its seq alone."""
    return encode(1, seq, seq, 1000.0 + seq, np.random.default_rng(seq).random(width, np.float32))


class Producer:
    def __init__(
        self, url: str, hello: dict[str, Any] | None = None, headers: dict[str, str] | None = None, query: str = ""
    ) -> None:
        self.socket: ClientConnection = connect(f"{url}/api/ingest{query}", additional_headers=headers)
        self.say(**({"type": "hello", "name": "by hand"} | (hello or {})))
        self.welcome = self.hear()
        self.run = self.welcome["run"]
        self.acknowledged = 0
        self.events_acknowledged = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def begin(self, width: int = WIDTH, total_steps: int | None = None) -> None:
        self.say(type="begin", header=header(width, total_steps))

    def hear(self) -> dict[str, Any]:
        return json.loads(self.socket.recv(timeout=PATIENCE))

    def wait_for_acknowledgement(self, seq: int, events: int = 0) -> None:
        while self.acknowledged < seq or self.events_acknowledged < events:
            message = self.hear()
            if message["type"] == "acknowledged":
                self.acknowledged, self.events_acknowledged = message["seq"], message["events"]

    def wait_for_command(self) -> dict[str, Any]:
        while (message := self.hear())["type"] != "command":
            pass
        return message

    def end(self, state: str = "finished", reason: str = "") -> None:
        self.say(type="end", state=state, reason=reason)
        for _ in self.socket:
            pass
