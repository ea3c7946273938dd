"""The documents and the journal of a recording: plain in format 1, each with a checksum since."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from typing_extensions import override

from shiftscope.notices import notice
from shiftscope.recording.database import Database
from shiftscope.recording.documents import RecordingError

Model = TypeVar("Model", bound=BaseModel)


def checksum(key: str | int, body: str) -> int:
    """Return the CRC-32 of a text and what it stands under."""
    return zlib.crc32(f"{key}\n{body}".encode())


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
        for (body,) in self._database.rows("SELECT body FROM journal ORDER BY id"):
            yield self._text(body)

    def seal(self) -> str | None:
        """Return what was there when the file was last closed; None where that was not noted. Raises RecordingError."""
        return None

    def keys(self) -> set[str]:
        """Return the keys of all documents. Raises RecordingError."""
        return {self._text(key) for (key,) in self._database.rows("SELECT key FROM document")}

    def events(self) -> int:
        """Return how many lines the journal has. Raises RecordingError."""
        return self._database.number("SELECT count(*) FROM journal")

    def understood(self, kind: type[Model], body: str) -> Model:
        """Return a text as what it says. Raises RecordingError."""
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            said = f"{kind.__name__}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise RecordingError(notice("recording.not_read", path=str(self._database.path), error=said)) from error

    def _text(self, body: object) -> str:
        if not isinstance(body, str):
            raise self._database.damaged(f"{body!r:.40} is no text")
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
        query = "SELECT id, body, crc FROM journal ORDER BY id"
        for place, (number, body, crc) in enumerate(self._database.rows(query), 1):
            if number != place:
                raise self._database.damaged(f"event {place} is missing")
            yield self._checked(number, body, crc)

    @override
    def seal(self) -> str | None:
        for number, body, crc in self._database.rows("SELECT id, body, crc FROM seal ORDER BY id DESC LIMIT 1"):
            return self._checked(number, body, crc)
        return None

    def _checked(self, key: str | int, body: object, crc: object) -> str:
        if checksum(key, self._text(body)) != crc:
            what = f"event {key}" if isinstance(key, int) else key
            raise self._database.damaged(f"{what} is not as it was written")
        return self._text(body)
