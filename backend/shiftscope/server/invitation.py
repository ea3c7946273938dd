"""What is printed of a shared server's links: addresses to open, and a code that a camera reads."""

from __future__ import annotations

import io

import segno

from shiftscope.server.hostnames import is_wildcard, own_address
from shiftscope.server.links import Links
from shiftscope.server.settings import Settings
from shiftscope.server.visitors import TOKEN


def address_for_people(settings: Settings) -> str:
    """Return the address that others reach a server under, as far as it can be known."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host, port = settings.outside
    if is_wildcard(host):
        host = own_address()
    return f"http://[{host}]:{port}{settings.root_path}" if ":" in host else f"http://{host}:{port}{settings.root_path}"


def invitation(links: Links, encoding: str = "utf-8") -> str:
    """Return the links with a sentence to each, and that to look as a code, where the terminal can show one."""
    look, control = (f"{links.address}/?{TOKEN}={token}" for token in (links.view, links.control))
    return f"To look:     {look}\nTo control:  {control}\n{_code(look, encoding)}"


def _code(link: str, encoding: str) -> str:
    drawn = io.StringIO()
    segno.make(link, error="l", micro=False).terminal(drawn, compact=True)
    try:
        drawn.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return ""
    return drawn.getvalue()
