"""One real Chromium and one server for all tests of the page."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import LiveServer

PATIENCE = 45.0
"""Seconds that a page may take on a machine with other work. What is slow is measured in benchmarks/."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
    expect.set_options(timeout=1000 * PATIENCE)
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


def eventually(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what `look` returns once that is true. (The page's policy forbids Playwright's own polling by strings.)"""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {look!r}"
        time.sleep(0.05)
    return found
