"""What happened in a run, as a person reads it: the headline, the list, the flags."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import page_of_its_own, settle
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser


def opened(page: Page, run: str, more: str = "") -> None:
    page.goto(f"/?run={run}{more}")
    settle(page)


def edge(page: Page, selector: str, side: str) -> float:
    """Return where an element begins or ends on the screen, in pixels."""
    return page.locator(selector).evaluate("(one, side) => one.getBoundingClientRect()[side]", side)


def test_a_sentence_leads_to_its_step_its_layer_and_its_chart(browser: Browser, told: tuple[LiveServer, str]) -> None:
    server, run = told
    with page_of_its_own(browser, base_url=server.url, locale="en-US", viewport={"width": 1440, "height": 900}) as page:
        opened(page, run)
        expect(page.locator("#story-toggle")).to_have_text("The run's report: 5")
        page.locator("#story-toggle").click()
        sentences = page.locator("#happened li")
        expect(sentences).to_have_count(5)
        expect(page.locator("#headline")).to_contain_text("At the end: plain (loss")
        expect(page.locator("#run-summary p").first).to_be_hidden()

        sentences.first.get_by_role("button").click()
        expect(page.locator("#timeline .at")).to_have_text("step 50")
        expect(page.locator("#headline")).to_contain_text("step 50: plain has not begun to learn")
        card = page.locator('.card[data-view="gradients"]')
        expect(card).to_have_class(re.compile(r"\blit\b"))
        # The sentence stands beside the chart of which it speaks, and does not cover it.
        expect(card).to_be_in_viewport(ratio=1)
        expect(page.locator("#headline")).to_be_in_viewport(ratio=1)
        eventually(lambda: edge(page, "#story", "bottom") <= edge(page, '.card[data-view="gradients"]', "top"))
        eventually(lambda: edge(page, '.card[data-view="gradients"]', "bottom") <= edge(page, "#timeline", "top"))
        expect(page).to_have_url(re.compile(r"layer=hidden[+ ]1"))
        expect(sentences.nth(1)).to_have_attribute("data-later", "")
        settle(page)

        flags = page.locator('.card[data-view="gradients"] .flags text')
        expect(flags.first).to_have_text("1")
        page.get_by_role("button", name="step 50: plain has not begun").last.wait_for()
        expect(page.locator("#timeline .flag")).to_have_count(5)
        page.locator("#scrub").fill("10")
        expect(page.locator("#headline")).to_have_text("Nothing to tell up to this step.")
        page.locator("#timeline .flag").nth(1).click()
        expect(page.locator("#headline")).to_contain_text("The hidden layers of plain have moved")
        expect(page.locator('.card[data-view="shift"]')).to_have_class(re.compile(r"\blit\b"))


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_the_list_is_folded_so_that_a_chart_is_seen_at_once_and_the_choice_is_kept(
    browser: Browser, told: tuple[LiveServer, str], width: int, height: int
) -> None:
    server, run = told
    with page_of_its_own(
        browser, base_url=server.url, locale="ko-KR", viewport={"width": width, "height": height}
    ) as page:
        opened(page, run)
        card = page.locator("#chart-grid .card").first.bounding_box()
        assert card is not None
        assert card["y"] < 0.35 * height
        expect(page.locator("#headline")).to_contain_text("끝: plain(손실")
        expect(page.locator("#happened")).to_be_hidden()
        toggle = page.locator("#story-toggle")
        expect(toggle).to_have_attribute("aria-expanded", "false")
        toggle.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#happened li").first).to_contain_text("50스텝: plain: 아직 학습이 시작되지 않았습니다.")
        opened(page, run)
        expect(page.locator("#happened")).to_be_visible()
        # The flag of the end is whole, also where the timeline ends at the window's edge.
        last = page.locator("#timeline .flag").last.bounding_box()
        assert last is not None
        assert last["x"] + last["width"] <= width


def test_a_sentence_without_room_is_cut_in_sight_and_shown_whole_by_a_button(
    browser: Browser, told: tuple[LiveServer, str]
) -> None:
    server, run = told
    with page_of_its_own(browser, base_url=server.url, locale="en-US", viewport={"width": 250, "height": 844}) as page:
        opened(page, run)
        headline, whole = page.locator("#headline"), page.get_by_role("button", name="Whole sentence")
        cut = headline.evaluate("(text) => text.scrollHeight - text.clientHeight")
        assert cut > 0
        whole.press("Enter")
        expect(page.get_by_role("button", name="Less")).to_be_visible()
        assert headline.evaluate("(text) => text.scrollHeight - text.clientHeight") <= 0
        page.get_by_role("button", name="Less").click()
        expect(whole).to_be_visible()
        assert headline.evaluate("(text) => text.scrollHeight - text.clientHeight") == cut
        page.set_viewport_size({"width": 1440, "height": 844})
        expect(whole).to_be_hidden()
