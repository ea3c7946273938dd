"""Present mode: one chart a screen in large letters, led by the keys through what happened in the run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import overflow, page_of_its_own, settle, violations
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

LETTERS = """[...document.querySelectorAll(".card[data-presented] :is(.xtick, .ytick) text")].map((text) => {
    const chart = text.closest(".chart");
    return parseFloat(getComputedStyle(text).fontSize) * chart.getBoundingClientRect().width / chart.offsetWidth;
})"""

QUICK_KEYS = """(keys) => {
    for (const key of keys) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def presented(page: Page, view: str) -> None:
    """Wait until this chart stands alone on the screen, drawn."""
    expect(page.locator(".card:visible")).to_have_count(1)
    expect(page.locator(f'.card[data-view="{view}"]')).to_be_visible()
    settle(page)


def test_the_keys_lead_through_the_sentences_each_at_its_chart(browser: Browser, told: tuple[LiveServer, str]) -> None:
    server, run = told
    with page_of_its_own(browser, base_url=server.url, locale="en-US", viewport={"width": 1440, "height": 900}) as page:
        page.goto(f"/?run={run}")
        settle(page)
        shown = page.locator(".card:visible").count()
        start = page.get_by_role("button", name="Present", exact=True)
        start.focus()
        page.keyboard.press("Enter")
        presented(page, "shift")
        expect(page.locator("#present-bar")).to_contain_text("5 of 5")
        for hidden in ("#bar", "#timeline", "#story", ".card:visible .hide"):
            expect(page.locator(hidden)).to_be_hidden()

        page.keyboard.press("Home")
        expect(page.locator("#present-line")).to_have_text("Nothing to tell up to this step.")
        page.keyboard.press("ArrowRight")
        presented(page, "gradients")
        expect(page.locator("#present-line")).to_contain_text("step 50: plain has not begun to learn")
        expect(page).to_have_url(re.compile(r"step=50\b"))
        # Keys that come quicker than the screen draws: each counts from where the one before has led.
        page.evaluate(QUICK_KEYS, ["Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"])
        presented(page, "gradients")
        expect(page.locator("#present-line")).to_contain_text("step 50: plain has not begun to learn")
        page.keyboard.press("PageDown")
        presented(page, "shift")
        expect(page.locator("#present-line")).to_contain_text("The hidden layers of plain have moved")
        page.keyboard.press("ArrowLeft")
        presented(page, "gradients")
        page.keyboard.press("ArrowUp")
        presented(page, "loss")
        expect(page).to_have_url(re.compile(r"step=50\b.*present=loss"))

        page.keyboard.press("Escape")
        expect(page.locator("#bar")).to_be_visible()
        expect(page.locator(".card:visible")).to_have_count(shown)
        expect(start).to_be_focused()
        expect(page).not_to_have_url(re.compile(r"present|charts"))


@pytest.mark.parametrize("size", [(1440, 900), (1920, 1080)], ids=str)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_link_presents_a_chart_in_letters_of_24_pixels(
    browser: Browser, told: tuple[LiveServer, str], size: tuple[int, int], theme: str
) -> None:
    server, run = told
    with page_of_its_own(
        browser, base_url=server.url, locale="ko-KR", viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        bypass_csp=True, reduced_motion="reduce",
    ) as page:  # fmt: skip
        page.goto(f"/?run={run}&present=gradients&step=50")
        presented(page, "gradients")
        expect(page.locator("#present-line")).to_contain_text("아직 학습이 시작되지 않았습니다.")
        assert page.locator("#present-line").evaluate("(line) => getComputedStyle(line).fontSize") == "24px"
        letters = page.evaluate(LETTERS)
        assert letters
        assert min(letters) >= 24
        assert violations(page) == []
        assert overflow(page) <= 0


def test_a_card_fills_the_screen_and_escape_leaves_it(browser: Browser, told: tuple[LiveServer, str]) -> None:
    server, run = told
    with page_of_its_own(browser, base_url=server.url, locale="en-US", viewport={"width": 1440, "height": 900}) as page:
        page.goto(f"/?run={run}")
        settle(page)
        page.locator('.card[data-view="shift"]').hover()
        page.get_by_role("button", name="Shift map: Show alone on the full screen").click()
        presented(page, "shift")
        page.wait_for_function("document.fullscreenElement !== null")
        page.evaluate("document.exitFullscreen()")  # what the browser does at Escape
        expect(page.locator("#bar")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page).not_to_have_url(re.compile("present"))
