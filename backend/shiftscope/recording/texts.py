"""The documents and the journal of a recording: plain in format 1, each with a checksum since."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from typing_extensions import override

from shiftscope.notices import notice
from shiftscope.recording.database import Database
from shiftscope.recording.documents import MOST_DOCUMENTS, RecordingError

Model = TypeVar("Model", bound=BaseModel)

MOST_CHARACTERS = 16 << 20
"""Of one document or event."""
MOST_EVENTS = 500_000
"""Lines of a journal that are read."""


def checksum(key: str | int, body: str) -> int:
    """Return the CRC-32 of a text and what it stands under."""
    return zlib.crc32(f"{key}\n{body}".encode())


def _first_fault(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is too deep"
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:400]


class PlainTexts:
    """Reads the texts of a recording of format 1."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def document(self, key: str) -> str | None:
        """Return a document; None where there is none. Raises RecordingError."""
        for (body,) in self._database.rows("SELECT body FROM document WHERE key = ?", key):
            return self._text(body)
        return None

    def journal(self) -> Iterator[str]:
        """Yield the lines of the journal. Raises RecordingError."""
        before = 0
        for number, body in self._database.rows("SELECT id, body FROM journal ORDER BY id LIMIT ?", MOST_EVENTS):
            if not isinstance(number, int) or number <= before:
                raise self._database.damaged(f"event {number!r:.40} follows on {before}")
            before = number
            yield self._text(body)

    def seal(self) -> str | None:
        """Return what was there when the file was last closed; None where that was not noted. Raises RecordingError."""
        return None

    def keys(self) -> set[str]:
        """Return the keys of all documents. Raises RecordingError."""
        query = "SELECT key FROM document LIMIT ?"
        return {self._text(key) for (key,) in self._database.rows(query, MOST_DOCUMENTS)}

    def events(self) -> int:
        """Return how many lines the journal has. Raises RecordingError."""
        # SQLite counts all rows of a table in one operation, which nothing stops; those of a range one by one.
        return self._database.number("SELECT count(*) FROM journal WHERE id >= ?", -(2**63))

    def understood(self, kind: type[Model], body: str) -> Model:
        """Return a text as what it says. Raises RecordingError."""
        try:
            return kind.model_validate_json(body)
        except (ValidationError, RecursionError) as error:
            said = f"{kind.__name__}: {_first_fault(error)}"
            raise RecordingError(notice("recording.not_read", path=str(self._database.path), error=said)) from error

    def _text(self, body: object) -> str:
        if not isinstance(body, str):
            raise self._database.damaged(f"{type(body).__name__} {body!s:.40} is no text")
        if len(body) > MOST_CHARACTERS:
            raise self._database.damaged(f"a text of {len(body)} characters")
        return body


class CheckedTexts(PlainTexts):
    """Reads the texts of a recording since format 2."""

    @override
    def document(self, key: str) -> str | None:
        for body, crc in self._database.rows("SELECT body, crc FROM document WHERE key = ?", key):
            return self._checked(key, body, crc)
        return None

    @override
    def journal(self) -> Iterator[str]:
        query = "SELECT id, body, crc FROM journal ORDER BY id LIMIT ?"
        for place, (number, body, crc) in enumerate(self._database.rows(query, MOST_EVENTS), 1):
            if number != place:
                raise self._database.damaged(f"event {place} is missing")
            yield self._checked(number, body, crc)

    @override
    def events(self) -> int:
        return self._database.number("SELECT coalesce(max(id), 0) FROM journal")

    @override
    def seal(self) -> str | None:
        for number, body, crc in self._database.rows("SELECT id, body, crc FROM seal ORDER BY id DESC LIMIT 1"):
            return self._checked(number, body, crc)
        return None

    def _checked(self, key: str | int, body: object, crc: object) -> str:
        text = self._text(body)
        if checksum(key, text) != crc:
            what = f"event {key}" if isinstance(key, int) else key
            raise self._database.damaged(f"{what} is not as it was written")
        return text
