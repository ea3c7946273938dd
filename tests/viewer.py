"""A viewer that speaks docs/protocol.md by hand."""

from __future__ import annotations

import json
from typing import Any, Self

from websockets.sync.client import ClientConnection

from shiftscope.wire.frames import Frame, RunHeader, split
from shiftscope.wire.messages import Revision
from tests.waiting import PATIENCE
from tests.websocket import connect


class Viewer:
    def __init__(self, url: str, run: str, after: int = 0, outline: int = 0) -> None:
        wanted = f"after={after}" + (f"&outline={outline}" if outline else "")
        self.socket: ClientConnection = connect(f"{url}/api/runs/{run}/stream?{wanted}")
        self.frames: list[Frame] = []
        self.texts: list[dict[str, Any]] = []
        self._frame_bytes: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def close_code(self) -> int | None:
        return self.socket.protocol.close_code

    def hear(self) -> dict[str, Any]:
        """Return the next message, which must be text."""
        message = self.socket.recv(timeout=PATIENCE)
        assert isinstance(message, str)
        self._take(message)
        return self.texts[-1]

    def receive(self, count: int) -> list[Frame]:
        """Return the next `count` frames (all of the message in which the last of them came)."""
        before = len(self.frames)
        while len(self.frames) < before + count:
            self._take(self.socket.recv(timeout=PATIENCE))
        return self.frames[before:]

    def until_closed(self) -> None:
        for message in self.socket:
            self._take(message)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text["type"] == kind]

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames += split(message, self._frame_bytes)
            return
        text = json.loads(message)
        self.texts.append(text)
        if text.get("header"):
            layouts = RunHeader.model_validate(text["header"]).layouts
            self._frame_bytes = {layout.number: layout.frame_bytes for layout in layouts}
        if text["type"] == "event" and text["event"]["kind"] == "layouts":
            layouts = Revision.model_validate(text["event"]["value"]).layouts
            self._frame_bytes |= {layout.number: layout.frame_bytes for layout in layouts}
