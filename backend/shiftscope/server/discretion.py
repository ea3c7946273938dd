"""What the server logs, without the secrets that somebody put where they do not belong."""

from __future__ import annotations

import logging
import re

from typing_extensions import override

_SECRET = re.compile(r"(?i)\b(token=|bearer\s+|shiftscope-[0-9a-f]{8}=)[^\s&\"'#;,]+")
_HANDSHAKE = "ASGI callable returned without completing handshake."
"""What uvicorn takes for an error of the application when a websocket is answered with a status, as a stranger's is."""


class Discreet(logging.Formatter):
    """Writes lines as a formatter does, with tokens left out: of addresses, of headers and of tracebacks."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1...", super().format(record))


def log_discreetly(handler: logging.Handler) -> None:
    """Let a handler write no secrets."""
    handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(lambda record: record.msg != _HANDSHAKE)
