"""Who a request comes from: what their link admits to, and which browser it is."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from shiftscope.recording.documents import StartedBy
from shiftscope.server.links import Links
from shiftscope.server.roles import Role

TOKEN = "token"  # noqa: S105  the name of a parameter
COOKIE_SECONDS = 90 * 24 * 3600
_BROWSER = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Visitor:
    """Somebody with a link.

    Attributes:
        role: what the link lets them do.
        name: tells one browser from the others, and is told to nobody; "" for a script, which has no cookies.
        students: what those are called together who may look and start runs; empty where who may look may not.
        link: which links it was one of (Links.id).
    """

    role: Role
    name: str = ""
    students: str = ""
    link: str = ""

    @property
    def owns(self) -> str:
        """What runs that this visitor starts are marked with: it tells nobody the name."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16] if self.name else ""

    @property
    def may_start(self) -> bool:
        """Whether the visitor may start runs."""
        return self.role is Role.CONTROL or bool(self.students)

    @property
    def starts(self) -> StartedBy | None:
        """What is noted of a run that this visitor starts; nothing where everybody is the same."""
        group = "" if self.role is Role.CONTROL else self.students
        return StartedBy(browser=self.owns, group=group, links=self.link) if self.link else None

    @property
    def in_page(self) -> dict[str, str]:
        """What the page is told, as attributes of its root: what it need not offer is never seen."""
        told = {"role": self.role.value} | ({"owner": self.owns} if self.name else {})
        return told | ({"starts": ""} if self.role is Role.VIEW and self.students else {})

    def may_stay(self, links: Links) -> bool:
        """Whether the visitor's link is one of these."""
        return links.id == self.link

    def may_change(self, owner: str) -> bool:
        """Whether the visitor may change a run with such a mark."""
        return self.role is Role.CONTROL or (bool(self.students) and owner != "" and owner == self.owns)


EVERYBODY = Visitor(Role.CONTROL)
"""Who comes to a server that is reached from its own machine alone."""


def bearer(headers: Headers) -> str:
    """Return the token in an Authorization header; "" without one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def visitor_of(headers: Headers, links: Links, students: str) -> Visitor | None:
    """Return who a request comes from; None for a stranger."""
    token, name = bearer(headers), ""
    if not token:
        token, name = _cookie(headers, links)
    role = links.role(token) if token else None
    return None if role is None else Visitor(role, name, students, links.id)


def _cookie(headers: Headers, links: Links) -> tuple[str, str]:
    """Return the token and the browser's name that a cookie holds."""
    # In one pass: this reads what strangers send, and http.cookies takes a time that grows with the square of it.
    pairs = [one.strip().partition("=") for line in headers.getlist("cookie") for one in line.split(";")]
    found = [value for called, _, value in pairs if called == links.cookie]
    token, _, name = (found[-1] if found else "").partition(".")
    return token, name if _BROWSER.fullmatch(name) else ""


def new_cookie(headers: Headers, links: Links, token: str, path: str, *, secure: bool, embedded: bool) -> str:
    """Return the Set-Cookie header that keeps a token for a browser: no script sees it, no other site sends it along.

    A page that pages of other sites embed is sent none of its cookies there but for one that is made for that.
    """
    _, name = _cookie(headers, links)
    parts = [
        f"{links.cookie}={token}.{name or secrets.token_hex(8)}",
        f"Path={path}",
        f"Max-Age={COOKIE_SECONDS}",
        "HttpOnly",
    ]
    if secure:
        parts.append("Secure")
    parts.append("SameSite=None; Partitioned" if secure and embedded else "SameSite=Lax")
    return "; ".join(parts)


def without_token(scope: Scope) -> tuple[str, str] | None:
    """Return the token in an address and what else it asks for; None for an address without one."""
    asked = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    token = next((value for name, value in asked if name == TOKEN), None)
    if token is None:
        return None
    return token, urlencode([(name, value) for name, value in asked if name != TOKEN])


def visitor(connection: HTTPConnection) -> Visitor:
    """Return who a request comes from."""
    found: Visitor = connection.scope["shiftscope.visitor"]
    return found


def may_begin(connection: HTTPConnection) -> bool:
    """Whether a producer may make a new run: one that was let in with the secret of a run is nobody else's visitor."""
    found: Visitor | None = connection.scope["shiftscope.visitor"]
    return found is not None and found.may_start


def link_of(connection: HTTPConnection) -> str:
    """Return which link a producer has, whatever browser it calls itself; which run's secret it was let in with."""
    found: Visitor | None = connection.scope["shiftscope.visitor"]
    return f"run {connection.query_params.get('run', '')}" if found is None else found.role.value


def started_by(connection: HTTPConnection) -> StartedBy | None:
    """Return what is noted of a run that a producer makes."""
    return visitor(connection).starts


Who = Annotated[Visitor, Depends(visitor)]
