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
NOTHING = "/api/health"
"""An address of the server's where there is no page."""
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


def new_context(browser: Browser, server: LiveServer) -> BrowserContext:
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1600, "height": 1000}, locale="en-US", accept_downloads=True
    )
    context.set_default_timeout(1000 * PATIENCE)
    return context


def errors_of(context: BrowserContext) -> list[str]:
    """Return a list to which is added what the profile's pages log as errors from now on."""
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    return problems


def are_whole(problems: list[str]) -> bool:
    """Whether pages logged no error. What the server refuses, the browser logs too: that is no fault of the page."""
    return not [problem for problem in problems if "Failed to load resource" not in problem]


@pytest.fixture
def context(browser: Browser, server: LiveServer) -> Iterator[BrowserContext]:
    """A browser profile of its own, whose pages must not log an error."""
    context = new_context(browser, server)
    problems = errors_of(context)
    yield context
    context.close()
    assert are_whole(problems), problems


@pytest.fixture(scope="session")
def everyday(browser: Browser, server: LiveServer) -> Iterator[tuple[Page, list[str]]]:
    """A page that opens those of most tests, and the errors of their profile.

    What a page opens has its process: all that the page consists of is neither fetched nor compiled each time.
    """
    context = new_context(browser, server)
    with context.new_page() as opener:
        opener.goto(NOTHING)
        yield opener, errors_of(context)
    context.close()


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in the profile that the test asks for, or one in everybody's, which keeps nothing of it."""
    if "context" in request.fixturenames:
        yield request.getfixturevalue("context").new_page()
        return
    opener, problems = request.getfixturevalue("everyday")
    with opener.expect_popup() as opened:
        opener.evaluate("(address) => void open(address)", NOTHING)
    with opened.value as page:
        yield page
    # Closed it writes nothing once more, whatever it was about to load.
    opener.evaluate("localStorage.clear()")
    opener.context.clear_cookies()
    opener.context.clear_permissions()
    found, problems[:] = problems[:], []
    assert are_whole(found), found


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
