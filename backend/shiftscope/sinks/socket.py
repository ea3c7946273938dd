"""A sink that sends frames to a server, over its ingest socket."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from pydantic import JsonValue
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from shiftscope.sinks.base import BATCH_SECONDS, SinkError
from shiftscope.wire.frames import RunHeader

logger = logging.getLogger(__name__)

BATCH_BYTES = 1 << 20
PROGRESS_SECONDS = 0.1
CLOSE_SECONDS = 10.0


class ServerSink:
    """Speaks the producer's side of docs/protocol.md.

    A thread of its own receives (commands, acknowledgements) and sends what has been pending for longer than a batch
    lasts, so that the last frame before a long pause does not wait for the next.
    """

    def __init__(self, socket: ClientConnection, on_command: Callable[[dict[str, Any]], None] | None = None) -> None:
        self._socket = socket
        self._on_command = on_command
        self._lock = threading.Lock()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._flushed = self._told = time.monotonic()
        self._wake = threading.Event()
        self._step = self._step_told = 0
        self._refusal = ""
        self.acknowledged = 0
        self.closed = threading.Event()
        self.run = ""
        self.token = ""

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        name: str = "",
        run: str = "",
        token: str = "",
        on_command: Callable[[dict[str, Any]], None] | None = None,
    ) -> Self:
        """Connect to the server at `url` (http or ws) as a launched worker (`run`, `token`) or a new run (`name`).

        Raises:
            SinkError: nobody answers there, or the server refuses.
        """
        address = url.replace("http", "ws", 1) if url.startswith("http") else url
        hello = {"type": "hello", "run": run, "token": token} if run else {"type": "hello", "name": name}
        try:
            # Frames do not compress, and a proxy has no business between two processes of one machine.
            socket = connect(f"{address.rstrip('/')}/api/ingest", compression=None, proxy=None, legacy=True)
            sink = cls(socket, on_command)
            socket.send(json.dumps(hello))
            welcome = json.loads(socket.recv(timeout=CLOSE_SECONDS))
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise SinkError(
                f"no Shiftscope answers at {url} ({error}); is `shiftscope serve` running there?"
            ) from error
        except ConnectionClosed as error:
            raise SinkError(f"{url} refused: {_reason(error)}") from error
        sink.run, sink.token = welcome["run"], welcome.get("token", token)
        threading.Thread(target=sink._receive, name="shiftscope-receive", daemon=True).start()
        threading.Thread(target=sink._send_late, name="shiftscope-send", daemon=True).start()
        return sink

    def preparing(self, message: str, fraction: float | None = None) -> None:
        """Tell what the run is waiting for."""
        self._tell(type="preparing", message=message, fraction=fraction)

    def begin(self, header: RunHeader) -> None:
        """See Sink."""
        self._tell(type="begin", header=header.model_dump(mode="json"))

    def frame(self, data: bytes) -> None:
        """See Sink. Raises SinkError when the server is gone."""
        with self._lock:
            self._pending.append(data)
            self._pending_bytes += len(data)
            if time.monotonic() - self._flushed >= BATCH_SECONDS or self._pending_bytes >= BATCH_BYTES:
                self._flush()
            elif len(self._pending) == 1:
                self._wake.set()

    def flush(self) -> None:
        """See Sink."""
        with self._lock:
            self._flush()
        if self._step != self._step_told:
            self._tell_progress()

    def progress(self, step: int) -> None:
        """See Sink."""
        self._step = step
        if time.monotonic() - self._told >= PROGRESS_SECONDS:
            self._tell_progress()

    def event(
        self, kind: str, step: int, message: str, *, network: str = "", layer: str = "", value: JsonValue = None
    ) -> None:
        """See Sink."""
        self._tell(type="event", kind=kind, step=step, message=message, network=network, layer=layer, value=value)

    def end(self, state: str, reason: str) -> None:
        """See Sink. Returns when the server has kept everything and closed. Raises SinkError when it has not."""
        self._tell(type="end", state=state, reason=reason)
        kept = self.closed.wait(CLOSE_SECONDS)
        self._socket.close()
        if not kept or self._refusal:
            raise SinkError(f"the server did not take the run's end: {self._refusal or 'no answer'}")

    def _tell_progress(self) -> None:
        self._told, self._step_told = time.monotonic(), self._step
        self._tell(type="progress", step=self._step)

    def _tell(self, **message: JsonValue) -> None:
        with self._lock:
            self._flush()
            self._send(json.dumps(message))

    def _flush(self) -> None:
        if self._pending:
            self._send(b"".join(self._pending))
            self._pending.clear()
            self._pending_bytes = 0
        self._flushed = time.monotonic()

    def _send(self, message: str | bytes) -> None:
        try:
            self._socket.send(message)
        except (ConnectionClosed, OSError) as error:
            raise SinkError(f"the server is gone: {_reason(error)}") from error

    def _receive(self) -> None:
        try:
            for text in self._socket:
                message = json.loads(text)
                if message["type"] == "acknowledged":
                    self.acknowledged = message["seq"]
                elif message["type"] == "command" and self._on_command:
                    self._on_command(message)
        except ConnectionClosed as error:
            self._refusal = _reason(error)
            logger.warning("the server closed the connection: %s", self._refusal)
        finally:
            self.closed.set()
            self._wake.set()

    def _send_late(self) -> None:
        while not self.closed.is_set():
            self._wake.wait()
            self._wake.clear()
            time.sleep(BATCH_SECONDS)
            try:
                with self._lock:
                    self._flush()
            except SinkError:
                return  # the training thread is told by its own next call


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return error.rcvd.reason or f"closed with code {error.rcvd.code}"
    return str(error)
