"""A sink that sends frames to a server, over its ingest socket."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Self

from pydantic import JsonValue, ValidationError
from typing_extensions import override
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from shiftscope.notices import Notice, as_notice
from shiftscope.sinks.base import BATCH_SECONDS, Sink, SinkError
from shiftscope.wire.frames import RunHeader
from shiftscope.wire.messages import (
    SERVER_MESSAGE,
    Acknowledged,
    Begin,
    Command,
    End,
    EndState,
    EventKind,
    EventMessage,
    Hello,
    PreparingMessage,
    ProducerMessage,
    Progress,
    Welcome,
)

logger = logging.getLogger(__name__)

BATCH_BYTES = 1 << 20
PROGRESS_SECONDS = 0.1
CLOSE_SECONDS = 10.0

OnCommand = Callable[[Command], None]


class SocketSink(Sink):
    """Speaks the producer's side of docs/protocol.md.

    A thread of its own receives (commands, acknowledgements) and sends what has been pending for longer than a batch
    lasts, so that the last frame before a long pause does not wait for the next.
    """

    def __init__(self, socket: ClientConnection, welcome: Welcome, on_command: OnCommand | None = None) -> None:
        self._socket = socket
        self._on_command = on_command
        self._lock = threading.Lock()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._flushed = self._reported = time.monotonic()
        self._wake = threading.Event()
        self._step = self._step_reported = 0
        self._refusal = ""
        self.acknowledged = 0
        self.closed = threading.Event()
        self.run = welcome.run
        self.token = welcome.token

    @classmethod
    def connect(
        cls, url: str, *, name: str = "", run: str = "", token: str = "", on_command: OnCommand | None = None
    ) -> Self:
        """Connect to the server at `url` (http or ws) as a launched worker (`run`, `token`) or a new run (`name`).

        Raises:
            SinkError: nobody answers there, or the server refuses.
        """
        address = url.replace("http", "ws", 1) if url.startswith("http") else url
        hello = Hello(run=run, token=token) if run else Hello(name=name)
        try:
            # Frames do not compress, and a proxy has no business between two processes of one machine.
            socket = connect(f"{address.rstrip('/')}/api/ingest", compression=None, proxy=None, legacy=True)
            socket.send(hello.to_json())
            welcome = Welcome.model_validate_json(socket.recv(timeout=CLOSE_SECONDS))
        except (OSError, TimeoutError, InvalidHandshake, ValidationError) as error:
            raise SinkError(
                f"no Shiftscope answers at {url} ({error}); is `shiftscope serve` running there?"
            ) from error
        except ConnectionClosed as error:
            raise SinkError(f"{url} refused: {_reason(error)}") from error
        sink = cls(socket, welcome, on_command)
        threading.Thread(target=sink._receive, name="shiftscope-receive", daemon=True).start()
        threading.Thread(target=sink._send_late, name="shiftscope-send", daemon=True).start()
        return sink

    def preparing(self, message: Notice | str, fraction: float | None = None) -> None:
        """Report what the run waits for."""
        self._send(PreparingMessage.saying(message, fraction=fraction))

    @override
    def begin(self, header: RunHeader) -> None:
        self._send(Begin(header=header))

    @override
    def frame(self, data: bytes) -> None:
        with self._lock:
            self._pending.append(data)
            self._pending_bytes += len(data)
            if time.monotonic() - self._flushed >= BATCH_SECONDS or self._pending_bytes >= BATCH_BYTES:
                self._flush()
            elif len(self._pending) == 1:
                self._wake.set()

    @override
    def flush(self) -> None:
        with self._lock:
            self._flush()
        if self._step != self._step_reported:
            self._report_progress()

    @override
    def progress(self, step: int) -> None:
        self._step = step
        if time.monotonic() - self._reported >= PROGRESS_SECONDS:
            self._report_progress()

    @override
    def event(
        self,
        kind: EventKind,
        step: int,
        message: Notice | str,
        *,
        network: str = "",
        layer: str = "",
        value: JsonValue = None,
    ) -> None:
        self._send(EventMessage.saying(message, kind=kind, step=step, network=network, layer=layer, value=value))

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        said = as_notice(reason)
        self._send(End(state=state, reason=said.text, code=said.code, values=said.values))
        kept = self.closed.wait(CLOSE_SECONDS)
        self._socket.close()
        if not kept or self._refusal:
            raise SinkError(f"the server did not keep the run's end: {self._refusal or 'no answer'}")

    def _report_progress(self) -> None:
        self._reported, self._step_reported = time.monotonic(), self._step
        self._send(Progress(step=self._step))

    def _send(self, message: ProducerMessage) -> None:
        with self._lock:
            self._flush()
            self._send_raw(message.to_json())

    def _flush(self) -> None:
        if self._pending:
            self._send_raw(b"".join(self._pending))
            self._pending.clear()
            self._pending_bytes = 0
        self._flushed = time.monotonic()

    def _send_raw(self, message: str | bytes) -> None:
        try:
            self._socket.send(message)
        except (ConnectionClosed, OSError) as error:
            raise SinkError(f"the server is gone: {_reason(error)}") from error

    def _receive(self) -> None:
        try:
            for text in self._socket:
                self._obey(text)
        except ConnectionClosed as error:
            self._refusal = _reason(error)
            logger.warning("the server closed the connection: %s", self._refusal)
        finally:
            self.closed.set()
            self._wake.set()

    def _obey(self, text: str | bytes) -> None:
        try:
            message = SERVER_MESSAGE.validate_json(text)
        except ValidationError:
            logger.debug("a message of a newer server is ignored: %.200s", text)
            return
        match message:
            case Acknowledged():
                self.acknowledged = message.seq
            case Command() if self._on_command is not None:
                self._on_command(message)

    def _send_late(self) -> None:
        while not self.closed.is_set():
            self._wake.wait()
            self._wake.clear()
            time.sleep(BATCH_SECONDS)
            try:
                with self._lock:
                    self._flush()
            except SinkError:
                return  # the training thread learns it from its own next call


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return error.rcvd.reason or f"closed with code {error.rcvd.code}"
    return str(error)
