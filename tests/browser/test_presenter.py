"""One page presents, others follow it, look around and come back, or are called."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import page_of_its_own, settle, violations
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser


def bar(page: Page, words: str) -> None:
    expect(page.locator("#audience")).to_contain_text(words)


def press(page: Page, name: str) -> None:
    page.locator("#audience").get_by_role("button", name=name).click()


def test_others_follow_look_around_come_back_and_are_called(browser: Browser, told: tuple[LiveServer, str]) -> None:
    server, run = told
    whole, narrow = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
    with (
        page_of_its_own(browser, base_url=server.url, locale="en-US", viewport=whole) as presenter,
        page_of_its_own(browser, base_url=server.url, locale="en-US", viewport=narrow) as viewer,
    ):
        presenter.goto(f"/?run={run}&step=50")
        viewer.goto("/")
        expect(viewer.locator("#audience")).to_be_hidden()
        presenter.get_by_role("button", name="Present to all").click()
        bar(presenter, "You present")
        bar(presenter, "0 of 1 follow")

        bar(viewer, "Somebody presents")
        assert violations(viewer) == []
        press(viewer, "Follow")
        settle(viewer)
        expect(viewer).to_have_url(re.compile(rf"run={run}&step=50\b"))
        bar(presenter, "1 of 1 follow")

        # The sentence, the chart alone on the screen, and the way from one to the next.
        presenter.locator("#present-start").click()
        presenter.keyboard.press("Home")
        presenter.keyboard.press("ArrowRight")
        expect(presenter.locator("#present-line")).to_contain_text("step 50: plain has not begun")
        expect(viewer.locator("#present-line")).to_have_text(presenter.locator("#present-line").inner_text())
        expect(viewer.locator('.card[data-view="gradients"]')).to_be_visible()
        bar(viewer, "You follow the presenter")
        presenter.keyboard.press("Escape")
        expect(viewer.locator("#timeline")).to_be_visible()

        viewer.locator("#timeline").get_by_role("slider").press("Home")
        bar(viewer, "Somebody presents")
        bar(presenter, "0 of 1 follow")
        expect(viewer).to_have_url(re.compile(r"step=0\b"))
        press(viewer, "Back to the presenter")
        expect(viewer).to_have_url(re.compile(r"step=50\b"))

        press(viewer, "Look around")
        bar(presenter, "0 of 1 follow")
        press(presenter, "Everyone to me")
        bar(viewer, "You follow the presenter")
        bar(presenter, "1 of 1 follow")

        presenter.close()
        expect(viewer.locator("#audience")).to_be_hidden()
        expect(viewer).to_have_url(re.compile(rf"run={run}.*step=50\b"))
