"""A table that is asked for while the run's history is still on its way to the page."""

from __future__ import annotations

import csv
import json
import re
import struct
from collections.abc import Callable

import pytest
from playwright.sync_api import Download, Page, WebSocketRoute, expect

from shiftscope.wire.frames import RunHeader
from tests.conftest import LiveServer
from tests.viewer import Viewer

pytestmark = pytest.mark.browser


class Gate:
    """Stands in the page's stream: the first frames pass, those after them once it is opened."""

    def __init__(self, page: Page, passing: int) -> None:
        self._passing = passing
        self._frame_bytes: dict[int, int] = {}
        self._waiting: list[Callable[[], None]] = []
        self._is_open = False
        page.route_web_socket(re.compile(r"/stream\?"), self._connect)

    def open(self) -> None:
        self._is_open = True
        for act in self._waiting:
            act()

    def _connect(self, to_page: WebSocketRoute) -> None:
        server = to_page.connect_to_server()
        server.on_message(lambda message: self._pass(to_page, message))
        server.on_close(lambda code, reason: self._later(lambda: to_page.close(code=code, reason=reason)))

    def _later(self, act: Callable[[], None]) -> None:
        if self._is_open:
            act()
        else:
            self._waiting.append(act)

    def _pass(self, to_page: WebSocketRoute, message: str | bytes) -> None:
        if isinstance(message, str):
            header = json.loads(message).get("header")
            if header:
                layouts = RunHeader.model_validate(header).layouts
                self._frame_bytes = {layout.stream: layout.frame_bytes for layout in layouts}
            to_page.send(message)
            return
        at = 0
        while at < len(message) and self._passing > 0:
            at += self._frame_bytes[struct.unpack_from("<I", message, at)[0]]
            self._passing -= 1
        if at:
            to_page.send(message[:at])
        if at < len(message):
            self._later(lambda: to_page.send(message[at:]))


def lines_of(download: Download) -> list[str]:
    return download.path().read_text(encoding="utf-8").splitlines()


def steps_of(lines: list[str]) -> list[int]:
    """Return the steps in a table, each once, in order."""
    return sorted({int(row["step"]) for row in csv.DictReader(lines)})


def recorded_steps(server: LiveServer, run: str) -> list[int]:
    """Return the steps at which the run recorded drift."""
    with Viewer(server.url, run) as viewer:
        viewer.until_closed()
        (header,) = [text["header"] for text in viewer.texts if text.get("header")]
    (drift,) = [layout["stream"] for layout in header["layouts"] if layout["name"] == "drift"]
    return sorted({frame.step for frame in viewer.frames if frame.stream == drift})


def test_a_table_asked_for_early_waits_for_every_step_or_is_marked_partial(
    page: Page, server: LiveServer, finished: str
) -> None:
    everything = recorded_steps(server, finished)
    gate = Gate(page, passing=server.run(finished)["seq"] // 4)
    page.goto(f"/?run={finished}&charts=shift")
    card = page.locator('[data-view="shift"]')
    button = card.locator(".take", has_text="CSV")
    card.hover()
    button.click()
    # Some of it is there, and that stays so: a quarter of what was sent, of which some came in the outline too.
    expect(button).to_have_text(re.compile(r"^CSV 2[0-5]%$"))

    with page.expect_download() as early:
        button.click()
    assert early.value.suggested_filename.endswith(" partial.csv")
    beginning, *table = lines_of(early.value)
    assert re.fullmatch(r"# partial: 2[0-5]% of the run's frames had been loaded", beginning)
    assert 0 < len(steps_of(table)) < len(everything)
    expect(button).to_have_text("CSV")

    button.click()
    expect(button).to_have_text(re.compile(r"^CSV 2[0-5]%$"))
    with page.expect_download() as whole:
        gate.open()
        expect(button).to_have_text("CSV")
    assert "partial" not in whole.value.suggested_filename
    assert steps_of(lines_of(whole.value)) == everything
