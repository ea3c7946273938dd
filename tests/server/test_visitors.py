"""Who a cookie says somebody is, whatever stands beside it."""

from __future__ import annotations

import time

import pytest
from starlette.datastructures import Headers

from shiftscope.server.links import Links
from shiftscope.server.roles import Role
from shiftscope.server.visitors import visitor_of

LINKS = Links.new()
NAME = "0123456789abcdef"
OURS = f"{LINKS.cookie}={LINKS.view}.{NAME}"


@pytest.mark.parametrize(
    "cookies",
    [
        [OURS],
        [f"a=b; {OURS}; c"],
        ["a=1", OURS],
        [f'json={{"a": [1, 2]}}; {OURS}'],
        [f"na(me=1;{OURS} ;=; ;"],
        [f'a="\\"\\"; {OURS}'],
    ],
)
def test_a_browser_is_known_by_its_cookie_whatever_else_it_keeps(cookies: list[str]) -> None:
    found = visitor_of(Headers(raw=[(b"cookie", one.encode()) for one in cookies]), LINKS, "")
    assert found is not None
    assert (found.role, found.name) == (Role.VIEW, NAME)


@pytest.mark.parametrize(
    "cookie",
    ["", LINKS.cookie, f"{LINKS.cookie}=x", f"x{OURS}", "=".join([OURS[:20]] * 3)],
    ids=["none", "no value", "another value", "another name", "values in a row"],
)
def test_no_other_cookie_admits(cookie: str) -> None:
    assert visitor_of(Headers({"cookie": cookie}), LINKS, "") is None


def test_a_long_cookie_is_read_in_one_pass() -> None:
    # A quote in quotes, over and over: http.cookies takes a second for it, on the event loop.
    headers = Headers({"cookie": 'a="' + '\\"' * 15_000 + f'"; {OURS}'})
    began = time.thread_time()
    assert visitor_of(headers, LINKS, "") is not None
    assert time.thread_time() - began < 0.1
