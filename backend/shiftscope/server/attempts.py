"""Who may feed a run: each of its workers is an attempt with a token of its own, and the newest alone is let in.

A worker that was given up may wake, stopped or cut off as it was, when another has gone on with its run already.
"""

from __future__ import annotations

import os
from pathlib import Path

from shiftscope.recording.documents import Admission
from shiftscope.server.private_files import create_private
from shiftscope.server.producer import admission_of, admits, new_admission

MOST_TOKENS = 100
"""Of so many of a run's workers it is known that others came after them."""
_FILE_BYTES = 64 << 10


class Attempts:
    """The tokens of a run, as what is kept of them.

    Attributes:
        newest: of the one that is let in; None while nobody was.
    """

    def __init__(self) -> None:
        self.newest: Admission | None = None
        self._replaced: list[Admission] = []

    def add(self, admission: Admission) -> None:
        """Let another one in, and none before it any more."""
        if self.newest is not None:
            self._replaced.append(self.newest)
        self.newest = admission

    def admit(self, token: str) -> bool:
        """Whether a token is that of the newest."""
        return self.newest is not None and admits(self.newest, token)

    def replaced(self, token: str) -> bool:
        """Whether a token is that of one after which another came."""
        return any(admits(one, token) for one in self._replaced)

    def recall(self, tokens: list[str], *, again: bool) -> None:
        """Go on with the tokens that another server let in, the newest last.

        `again`: another worker has gone on with the run, whose token must be among them; else nobody is let in.
        """
        if not tokens and again:
            self.add(new_admission()[1])
        for admission in map(admission_of, tokens):
            if admission != self.newest:
                self.add(admission)


def read_tokens(path: Path) -> list[str]:
    """Return the tokens in a file, the newest last; none where there is no file that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(_FILE_BYTES).decode("ascii", errors="replace").split()
    except OSError:
        return []


def write_tokens(path: Path, partial: Path, tokens: list[str]) -> None:
    """Write tokens for whoever may read the server's own secrets. `partial` becomes the file. Raises OSError."""
    kept = tokens[-MOST_TOKENS:]
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.unlink(missing_ok=True)
    with create_private(partial) as file:
        file.write("\n".join(kept).encode())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
