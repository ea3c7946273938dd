"""The charts on paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import settle

pytestmark = pytest.mark.browser


def test_all_charts_are_printed_at_the_page_s_width_with_title_run_and_legend(page: Page, finished: str) -> None:
    page.goto(f"/?run={finished}&theme=dark&charts=ridges,loss,shift")
    settle(page)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = page.locator("#printed > [data-printed]")
    expect(printed).to_have_count(3)
    for view, words in (("loss", "Loss and accuracy"), ("loss", "test set"), ("shift", "Shift map"), ("loss", "<img")):
        expect(page.locator(f"[data-printed={view}]")).to_contain_text(words)
    # Its report is whole, unfolded or not.
    expect(page.locator("#happened li").last).to_be_visible()
    for other in ("#timeline", "#chart-grid", "#axis-bar", "#bar", "#story-toggle", "#samples"):
        expect(page.locator(other)).to_be_hidden()
    # Paper is white, whatever the page is.
    paper = page.locator("[data-printed=loss] .main-svg").first
    assert paper.evaluate("(element) => getComputedStyle(element).background").startswith("rgb(255, 255, 255)")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(printed).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
