"""The pages' socket: one presents, others follow, and how it stands is the same for all."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from shiftscope.server.links import LinkFile
from tests.conftest import serve
from tests.waiting import PATIENCE
from tests.websocket import connect


def until(page: ClientConnection, **wanted: Any) -> dict[str, Any]:
    """Return what a page is sent once it says this."""
    while True:
        standing = json.loads(page.recv(timeout=PATIENCE))
        if {name: standing[name] for name in wanted} == wanted:
            return standing


def say(page: ClientConnection, **message: Any) -> None:
    page.send(json.dumps(message))


def closed(page: ClientConnection) -> str:
    with pytest.raises(ConnectionClosed) as ended:
        until(page, watching=-1)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1008
    return ended.value.rcvd.reason


def test_who_has_the_control_link_presents_and_others_follow(tmp_path: Path) -> None:
    with serve(tmp_path / "runs", "--share") as server, ExitStack() as pages:

        def page(token: str) -> ClientConnection:
            header = {"authorization": f"Bearer {token}"}
            return pages.enter_context(connect(f"{server.url}/api/audience", additional_headers=header))

        links = LinkFile(server.data).current()
        teacher, student = page(links.control), page(links.view)
        until(teacher, watching=2, presenting=False)
        say(teacher, type="present", view="?run=a&step=3")
        until(teacher, mine=True, watching=1, following=0)
        assert until(student, presenting=True)["view"] == "?run=a&step=3"
        say(student, type="follow", following=True)
        until(teacher, following=1)
        say(teacher, type="call")
        until(student, calls=1, mine=False)

        other = page(links.control)
        say(other, type="present", view="")
        until(teacher, mine=False, presenting=True, following=1, watching=2)
        say(teacher, type="leave")  # which ends nothing of another's
        other.close()
        until(student, presenting=False, following=0, watching=2, view="")

        say(student, type="present", view="?run=mine")
        assert closed(student).startswith("who has the link to look may follow")
        until(teacher, watching=1)
        for strange in ("{", '{"type": "present", "view": "//evil.example"}', '"' + "x" * 20_000 + '"'):
            stranger = page(links.control)
            stranger.send(strange)
            assert closed(stranger) == "this is no message of a page"
