"""The two links of a shared server: who has the one may look, who has the other may do everything.

A link is the server's address with a token. The tokens lie in a file beside the recordings that its owner alone may
read; whoever writes a new one, `shiftscope links --rotate`, takes the old links from everybody, also while the server
runs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from stat import S_ISREG

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shiftscope.server.private_files import create_private
from shiftscope.server.roles import Role

FILE = ".links.json"
_TOKEN = Field(min_length=20, max_length=200, pattern=r"^[\w-]+$")


class LinksError(Exception):
    """The file of the links cannot be read or written."""


class Links(BaseModel):
    """The tokens in the links, and what cookies of this server are called: those of another port come along with it."""

    model_config = ConfigDict(frozen=True)

    control: str = _TOKEN
    view: str = _TOKEN
    cookie: str = Field(pattern=r"^shiftscope-[0-9a-f]{8}$")
    address: str = Field("", description="of the server, as it was last started")

    @classmethod
    def new(cls, address: str = "") -> Links:
        """Make links that nobody has yet."""
        control, view, cookie = (
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(24),
            f"shiftscope-{secrets.token_hex(4)}",
        )
        return cls(control=control, view=view, cookie=cookie, address=address)

    @property
    def id(self) -> str:
        """What tells these links from those before and after them, and nobody what they are."""
        return hashlib.sha256(f"{self.control} {self.view}".encode()).hexdigest()[:16]

    def role(self, token: str) -> Role | None:
        """Return what a token admits to; None for one that is neither."""
        given = token.encode(errors="replace")
        # Both are compared, always: how long it takes says nothing.
        control, view = (hmac.compare_digest(given, one.encode()) for one in (self.control, self.view))
        return Role.CONTROL if control else Role.VIEW if view else None


class LinkFile:
    """The links as they stand in a folder's file at this moment."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._known: tuple[tuple[int, int], Links] | None = None

    def current(self) -> Links:
        """Return the links, read anew when the file is another. Raises LinksError."""
        try:
            stat = self.path.stat()
            if not S_ISREG(stat.st_mode):  # to read a pipe would wait
                raise LinksError(f"the links of this server cannot be read: {self.path} is no file")
            stamp = stat.st_mtime_ns, stat.st_ino
            if self._known is None or self._known[0] != stamp:
                self._known = stamp, Links.model_validate_json(self.path.read_bytes())
        except (OSError, ValidationError) as error:
            raise LinksError(f"the links of this server cannot be read: {self.path}: {_short(error)}") from error
        return self._known[1]

    def keep(self, address: str) -> Links:
        """Return the links of a server that starts, made where there are none yet. Raises LinksError."""
        known = self.current() if self.path.exists() else Links.new()
        return self._write(known.model_copy(update={"address": address}))

    def rotate(self) -> Links:
        """Make new links in the place of those that there are. Raises LinksError."""
        return self._write(Links.new(self.current().address))

    def _write(self, links: Links) -> Links:
        draft = self.path.with_name(f"{FILE}.{secrets.token_hex(4)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with create_private(draft) as file:
                file.write(json.dumps(links.model_dump()).encode())
            draft.replace(self.path)
        except OSError as error:
            raise LinksError(f"the links of this server cannot be kept: {_short(error)}") from error
        return self.current()


def _short(error: Exception) -> str:
    # What a file of tokens holds is repeated nowhere.
    return "it does not hold links; remove it" if isinstance(error, ValidationError) else str(error.strerror)  # type: ignore[attr-defined]
