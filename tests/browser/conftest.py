"""One real Chromium and one server for all tests of the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from shiftscope.recording.reader import open_recording
from tests.browser.looking import settle
from tests.conftest import LiveServer, serve
from tests.narration.stories import recorded, waking
from tests.waiting import PATIENCE, eventually

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHORT: dict[str, Any] = {
    "duration": {"kind": "steps", "steps": 150},
    "network": {"depth": 3, "width": 24},
    "recording": {"kind": "every", "every": 1},
}
NAME = '<img src=x onerror="document.title=1"> & <b>bold</b>'
SWEEP = "input-scaling"


def find_chromium() -> str | None:
    names = (
        os.environ.get("SHIFTSCOPE_CHROMIUM"),
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    )
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium or Chrome found; SHIFTSCOPE_CHROMIUM names one")
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, server: LiveServer) -> Iterator[BrowserContext]:
    """A browser profile of its own, whose pages must not log an error."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1600, "height": 1000}, locale="en-US", accept_downloads=True
    )
    context.set_default_timeout(1000 * PATIENCE)
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield context
    context.close()
    # What the server refuses, the browser logs too: that is no fault of the page.
    assert not [problem for problem in problems if "Failed to load resource" not in problem]


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="session")
def finished(server: LiveServer) -> str:
    """The id of a finished run, its name an attempt at markup."""
    run = server.start(config=SHORT, name=NAME)["id"]
    server.wait(run, "finished")
    return str(run)


@pytest.fixture
def charts(page: Page, finished: str) -> Page:
    """The page of the finished run, with all its charts drawn."""
    page.goto(f"/?run={finished}")
    settle(page)
    return page


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, str]]:
    """A server with one run, in which one network learns late, and the run's id."""
    data = tmp_path_factory.mktemp("told")
    with open_recording(recorded(data / "told.shiftscope", waking())) as recording:
        run = recording.info.id
    with serve(data) as server:
        yield server, run


@pytest.fixture(scope="session")
def swept(server: LiveServer) -> str:
    """The id of a trial of the loss surface's experiment that has ended with a verdict."""
    trial = server.client.post(f"/api/experiments/{SWEEP}", json={"quick": True}).json()
    eventually(lambda: server.client.get(f"/api/trials/{trial['id']}").json()["ended"], "the trial to end", every=0.2)
    return str(trial["id"])
