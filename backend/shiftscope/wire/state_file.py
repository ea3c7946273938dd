"""A run's state as it travels and lies in a folder: a line that tells what it is, and then bytes that are checked."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shiftscope.wire.frames import MAX_STEP

HEAD_BYTES = 1000
"""Longest first line."""
_CHUNK = 1 << 20


class StateFileError(ValueError):
    """A file that is no state of a run, or not a whole one."""


class StateHead(BaseModel):
    """The first line.

    Attributes:
        step: optimizer steps done.
        seq: of the last frame that was recorded before it.
        events: of the producer that were recorded before it.
        size: of what follows the line, in bytes.
        sha256: of what follows the line.
    """

    model_config = ConfigDict(frozen=True)

    step: int = Field(ge=0, lt=MAX_STEP)
    seq: int = Field(0, ge=0, lt=2**63)
    events: int = Field(0, ge=0, lt=2**63)
    size: int = Field(ge=0, lt=2**63)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @classmethod
    def of(cls, contents: bytes, step: int, seq: int = 0, events: int = 0) -> Self:
        """Return the head of contents."""
        return cls(step=step, seq=seq, events=events, size=len(contents), sha256=hashlib.sha256(contents).hexdigest())

    @property
    def line(self) -> bytes:
        """The line, with its end."""
        return self.model_dump_json().encode() + b"\n"


def read_head(path: Path) -> StateHead:
    """Return the head of a whole file, all of which is read and checked.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        StateFileError: it is no such file, or was torn.
    """
    with path.open("rb") as file:
        line = file.readline(HEAD_BYTES)
        try:
            head = StateHead.model_validate_json(line)
        except ValidationError as error:
            raise StateFileError(f"{path.name} is no state of a run") from error
        digest, size = hashlib.sha256(), 0
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if size != head.size or digest.hexdigest() != head.sha256:
        raise StateFileError(f"{path.name} was torn: it has {size} of {head.size} bytes, or others than were written")
    return head


def read_contents(path: Path) -> bytes:
    """Return what follows the head. Raises as `read_head` does."""
    read_head(path)
    with path.open("rb") as file:
        file.readline(HEAD_BYTES)
        return file.read()
