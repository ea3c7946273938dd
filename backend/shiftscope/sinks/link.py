"""A websocket to a server whose every call has a deadline: websockets' protocol over a socket that never blocks."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import time
from collections import deque
from typing import Self
from urllib.parse import urlencode

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from shiftscope.sinks.base import SinkError
from shiftscope.wire.messages import ENDED, Hello, Welcome

CHUNK = 256 << 10
WOULD_BLOCK = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
LOST = 1006
"""Close code of a connection that broke off without a word."""
NORMAL = 1000
NOT_ADMITTED = 1008
"""As the close code of a server that does not even open the connection: it takes nothing of this run."""
FORBIDDEN = frozenset({401, 403})
GONE = 410
"""Answered to a worker with whose run another one has gone on."""
_STRANGER = (
    "it is shared, and takes runs from who has its control link: give watch() that link, or its token (token=..., or "
    "the variable SHIFTSCOPE_TOKEN)"
)


class Refused(SinkError):
    """The server answered, and takes nothing: now, or of this run ever.

    Attributes:
        code: of the websocket's close frame.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Link:
    """An open connection. Each call returns at once; who uses it waits for the socket by itself.

    Attributes:
        heard: when anything last came from the server, in seconds of time.monotonic().
        accepted: bytes that the network has taken.
    """

    def __init__(self, connected: socket.socket, protocol: ClientProtocol) -> None:
        self._socket = connected
        self._protocol = protocol
        self._output: deque[memoryview] = deque()
        self._messages: deque[str] = deque()
        self._broken = ""
        self.heard = time.monotonic()
        self.accepted = 0

    @classmethod
    def dial(cls, url: str, hello: Hello, seconds: float, token: str = "") -> tuple[Self, Welcome]:
        """Connect and say hello.

        A server that is shared wants the token of its control link for a new run; for one that there is, the run's own.

        Raises:
            Refused: the server closed with a reason.
            SinkError: nobody answers within so many seconds, or something else does.
        """
        deadline = time.monotonic() + seconds
        try:
            run = f"?{urlencode({'run': hello.run})}" if hello.run else ""
            uri = parse_uri(f"{_as_websocket(url).rstrip('/')}/api/ingest{run}")
            link = cls(_connected(uri, deadline), ClientProtocol(uri, max_size=None))
        except InvalidURI as error:
            raise SinkError(f"{url} is no address of a server: those begin with http:// or https://") from error
        except (OSError, ValueError) as error:
            raise SinkError(_nobody(url, error)) from error
        try:
            return link, link._introduce(hello, deadline, token or hello.token)
        except InvalidStatus as error:
            link.abort()
            if error.response.status_code not in {*FORBIDDEN, GONE}:
                raise SinkError(_nobody(url, error)) from error
            code = ENDED if error.response.status_code == GONE else NOT_ADMITTED
            raise Refused(_forbidden(error.response, hello), code) from error
        # A strange answer is one of the last three, by the version of websockets.
        except (OSError, EOFError, InvalidHandshake, ValueError) as error:
            link.abort()
            raise SinkError(_nobody(url, error)) from error
        except BaseException:
            link.abort()
            raise

    @property
    def closed(self) -> bool:
        """Whether the connection is over."""
        return bool(self._broken) or self._protocol.state is State.CLOSED or self._protocol.close_rcvd is not None

    @property
    def close_code(self) -> int:
        """Why it is over, as a code."""
        received = self._protocol.close_rcvd
        return LOST if received is None else received.code

    @property
    def close_reason(self) -> str:
        """Why it is over, in the server's words, or else in the network's."""
        received = self._protocol.close_rcvd
        if received is None:
            return self._broken or "the connection broke off"
        return received.reason or f"closed with code {received.code}"

    @property
    def waiting(self) -> bool:
        """Whether something was given to `send` that the network has not taken yet."""
        return bool(self._output)

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait for it."""
        return self._socket.fileno()

    def send(self, message: str | bytes) -> None:
        """Add a message to what the network is to take."""
        if self._protocol.state is State.OPEN:
            if isinstance(message, str):
                self._protocol.send_text(message.encode())
            else:
                self._protocol.send_binary(message)
            self._collect()
            self.write()

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")
            self._collect()
            self.write()

    def write(self) -> None:
        """Let the network take what it can."""
        try:
            while self._output and not self._broken:
                taken = self._socket.send(self._output[0][:CHUNK])
                self.accepted += taken
                if taken == len(self._output[0]):
                    self._output.popleft()
                else:
                    self._output[0] = self._output[0][taken:]
        except WOULD_BLOCK:
            pass
        except OSError as error:
            self._broken = str(error)

    def read(self) -> list[str]:
        """Return the messages that have come."""
        try:
            while not self._broken and (data := self._socket.recv(CHUNK)):
                self._take(data)
            if not self._broken:
                self._take(b"")
        except WOULD_BLOCK:
            pass
        except OSError as error:
            self._broken = str(error)
        messages = list(self._messages)
        self._messages.clear()
        return messages

    def leave(self) -> None:
        """Close in the way of the protocol, as far as that takes no time."""
        if self._protocol.state is State.OPEN and not self._output:
            self._protocol.send_close(NORMAL)
            self._collect()
            self.write()
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._broken = self._broken or "closed"
        with contextlib.suppress(OSError):
            self._socket.close()

    def _take(self, data: bytes) -> None:
        """Let the protocol read; no data are the end of the stream."""
        self.heard = time.monotonic()
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
            self._broken = self._broken or "the server closed the connection"
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._messages.append(bytes(event.data).decode(errors="replace"))
        self._collect()
        self.write()

    def _collect(self) -> None:
        self._output.extend(memoryview(data) for data in self._protocol.data_to_send() if data)

    def _introduce(self, hello: Hello, deadline: float, token: str) -> Welcome:
        protocol = self._protocol
        request = protocol.connect()
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        protocol.send_request(request)
        self._collect()
        while protocol.state is State.CONNECTING:
            self._exchange(deadline)
            if protocol.handshake_exc is not None:
                raise protocol.handshake_exc
        self.send(hello.to_json())
        while not self._messages:
            self._exchange(deadline)
        self._socket.setblocking(False)
        return Welcome.model_validate_json(self._messages.popleft())

    def _exchange(self, deadline: float) -> None:
        """Write all, and read something; waits. Raises OSError, Refused."""
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        while self._output:
            self._socket.sendall(self._output.popleft())
        if self.closed and not self._messages:
            raise Refused(self.close_reason, self.close_code) if self._protocol.close_rcvd else OSError(self._broken)
        if not self._messages:
            self._take(self._socket.recv(CHUNK))


def _connected(uri: WebSocketURI, deadline: float) -> socket.socket:
    """Return a socket that is connected within the deadline. Raises OSError."""
    connected = socket.create_connection((uri.host, uri.port), max(0.001, deadline - time.monotonic()))
    try:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if uri.secure:
            connected.settimeout(max(0.001, deadline - time.monotonic()))
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=uri.host)
    except BaseException:
        connected.close()
        raise
    return connected


def _forbidden(response: Response, hello: Hello) -> str:
    """Return why a server does not open the connection."""
    if response.status_code == 401:
        return f"it has no run {hello.run} that this may be added to" if hello.run else _STRANGER
    try:
        return str(json.loads(response.body or b"{}")["detail"])
    except (ValueError, LookupError, TypeError):
        return f"HTTP {response.status_code}"


def _as_websocket(url: str) -> str:
    return url.replace("http", "ws", 1) if url.startswith("http") else url


def _nobody(url: str, error: Exception) -> str:
    return f"no Shiftscope answers at {url} ({error}); is `shiftscope serve` running there?"
