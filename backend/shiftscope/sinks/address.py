"""Addresses of servers as people give them: short, or a link with the token of a shared server."""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl, urlsplit

_HOST_AND_PORT = re.compile(r"(\[[\da-fA-F:.]+\]|[A-Za-z0-9][\w.-]*):\d{1,5}(/.*)?")
VARIABLE = "SHIFTSCOPE_TOKEN"
DEFAULT_URL = "http://127.0.0.1:8000"


def as_address(to: str) -> str:
    """Return the address of a server that a text names, as http://host:8000 or localhost:8000, else ""."""
    if "://" in to:
        return to
    return f"http://{to}" if _HOST_AND_PORT.fullmatch(to) else ""


def usual_address() -> tuple[str, str]:
    """Return the address of the server that is meant where none is named, and a token that stands in it, if any."""
    named, token = address_and_token(os.environ.get("SHIFTSCOPE_URL", ""), "")
    return as_address(named) or named or DEFAULT_URL, token


def address_and_token(to: str, token: str = "") -> tuple[str, str]:
    """Return an address without what a link has behind it, and the token to send there.

    That is the one given, else that of the link, else that of SHIFTSCOPE_TOKEN.
    """
    parts = urlsplit(to)
    asked = dict(parse_qsl(parts.query))
    if "token" in asked:
        to = parts._replace(query="", fragment="").geturl()
    return to.rstrip("/") or to, token or asked.get("token", "") or os.environ.get(VARIABLE, "")
