"""States of a run at its server, over HTTP with the run's secret: no folder is shared."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from shiftscope.wire.assignment import Assignment
from shiftscope.wire.state_file import StateHead, read_contents

SECONDS = 60.0
"""How long the server may be silent."""
_CHUNK = 1 << 20


class ServerDeposit:
    """Keeps and fetches the states of one run."""

    def __init__(self, assignment: Assignment) -> None:
        self._to = urlsplit(assignment.url)
        self._path = f"{self._to.path.rstrip('/')}/api/runs/{quote(assignment.run, safe='')}/checkpoint"
        self._headers = {"Authorization": f"Bearer {assignment.token}"}

    def put(self, head: StateHead, contents: bytes, name: str = "") -> None:
        """Send a state: under a name for another run, or else for this one to go on from. Raises OSError."""
        length = len(head.line) + len(contents)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(length)}
        with self._answer("PUT", f"?name={name}" if name else "", [head.line, contents], headers):
            pass

    def fetch(self) -> bytes:
        """Return the state that this run goes on from. Raises OSError, StateFileError."""
        with self._answer("GET", "", [], {}) as answer, tempfile.TemporaryDirectory(prefix="shiftscope-") as folder:
            path = Path(folder) / "state"
            with path.open("wb") as file:
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
            return read_contents(path)

    @contextmanager
    def _answer(
        self, method: str, asked: str, body: list[bytes], headers: dict[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        kind = http.client.HTTPSConnection if self._to.scheme in {"https", "wss"} else http.client.HTTPConnection
        connection = kind(self._to.hostname or "", self._to.port, timeout=SECONDS)
        try:
            connection.request(method, self._path + asked, body=iter(body) if body else None,
                               headers=self._headers | headers)  # fmt: skip
            answer = connection.getresponse()
            if answer.status >= 300:
                raise OSError(_reason(answer))
            yield answer
        except http.client.HTTPException as error:
            raise OSError(f"the server gave no answer: {type(error).__name__}: {error}") from error
        finally:
            connection.close()


def _reason(answer: http.client.HTTPResponse) -> str:
    """Return what a server says of a refusal."""
    said = answer.read(10_000)
    try:
        return str(json.loads(said)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the server answers {answer.status}"
