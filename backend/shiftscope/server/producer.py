"""What feeds a run, and the token that admits it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Protocol

from shiftscope.notices import Notice
from shiftscope.recording.documents import Admission
from shiftscope.wire.messages import Command


class Producer(Protocol):
    """The connection through which a run's frames come and commands go."""

    async def command(self, command: Command) -> None:
        """Send a command."""

    async def close(self, reason: Notice) -> None:
        """Close the connection: nothing more is received."""

    async def displace(self) -> None:
        """Let go of the run; returns when nothing more of this connection changes it. Raises TimeoutError."""


def new_admission() -> tuple[str, Admission]:
    """Return a new token, and what is kept of it: its hash, so that a recording that is handed on lets nobody in."""
    token = secrets.token_urlsafe(24)
    return token, admission_of(token)


def admission_of(token: str) -> Admission:
    """Return what is kept of a token."""
    return Admission(token_sha256=_hash(token))


def admits(admission: Admission, token: str) -> bool:
    """Whether a token is the one."""
    return hmac.compare_digest(admission.token_sha256, _hash(token))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
