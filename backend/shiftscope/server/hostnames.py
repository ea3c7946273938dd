"""Names of hosts as requests carry them: compared without case, addresses by what they mean."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

_NETLOC = re.compile(r"(?P<name>[^\s@:/?#\\\[\],]+|\[[0-9A-Fa-f:.]+(%[\w.-]+)?\])(:\d{0,5})?")
_ELSEWHERE = ("192.0.2.1", 9)
"""An address that is nobody's (RFC 5737): no packet is sent there."""


def canonical(host: str) -> str:
    """Return a host's name in one form: lower case, without a final dot; an IPv4 address mapped into IPv6 as itself."""
    name = host.strip().lower().strip("[]").removesuffix(".")
    address = _address(name)
    if address is None:
        return name
    return str(getattr(address, "ipv4_mapped", None) or address)


def is_loopback(host: str) -> bool:
    """Whether a name means this machine and nobody else's: localhost, 127.0.0.0/8 and ::1."""
    name = canonical(host)
    address = _address(name)
    return name == "localhost" if address is None else address.is_loopback


def hostname(netloc: str) -> str:
    """Return the canonical name in a Host header; "" where it is none, whatever a URL of it would be read as."""
    found = _NETLOC.fullmatch(netloc)
    return canonical(found["name"]) if found else ""


def is_wildcard(host: str) -> bool:
    """Whether who listens there takes connections from everywhere."""
    address = _address(canonical(host))
    return host == "" or (address is not None and address.is_unspecified)


def own_address() -> str:
    """Return the address from which this machine would speak to another network, or its name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_ELSEWHERE)
        except OSError:
            return socket.gethostname()
        return str(asking.getsockname()[0])


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
