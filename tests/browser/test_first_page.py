"""The first page explains, its presets start, what a link names and is not there has a page that says so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from shiftscope.config import RunConfig
from tests.browser.conftest import SHORT
from tests.browser.looking import asked, page_of_its_own, settle, step_of
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser

PRESETS = 5


def test_it_says_what_the_shift_is_and_replays_a_recording_that_can_be_held(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#welcome .definition")).to_contain_text("because the layers below it learn too")
    recorded = page.locator("#welcome .recorded")
    for text in ("without BN", "with BN", "hidden 1", "hidden 5", "input", "output"):
        expect(recorded.locator("svg text").filter(has_text=text).first).to_be_visible()
    expect(recorded.locator(".key")).to_contain_text("step 0")
    at = recorded.locator(".at")
    eventually(lambda: int(re.findall(r"\d+", at.inner_text())[0]) > 30)
    recorded.get_by_role("button", name="Pause the recording").click()
    held = at.inner_text()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert at.inner_text() == held
    recorded.get_by_role("button", name="Play the recording").click()
    eventually(lambda: at.inner_text() != held)


def test_the_recording_stands_still_where_motion_is_not_welcome(browser: Browser, server: LiveServer) -> None:
    with page_of_its_own(browser, base_url=server.url, reduced_motion="reduce") as page:
        page.goto("/")
        recorded = page.locator("#welcome .recorded")
        expect(recorded.get_by_role("button", name="Play the recording")).to_be_visible()
        expect(recorded.locator(".at")).to_have_text(re.compile(r"^(\d+) of \1 steps$"))


def test_each_preset_is_a_run_that_the_server_takes(page: Page) -> None:
    asked: list[Any] = []

    def take(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        return route.fulfill(status=409, body=json.dumps({"detail": "not now"}))

    page.route("**/api/runs", take)
    page.goto("/")
    presets = page.locator(".presets button")
    expect(presets).to_have_count(PRESETS)
    for at in range(PRESETS):
        with page.expect_request(lambda request: request.method == "POST") as posted:
            presets.nth(at).click()
        asked.append(posted.value.post_data_json)
    assert len({RunConfig.model_validate(one["config"]).model_dump_json() for one in asked}) == PRESETS


def test_before_its_scripts_have_come_it_says_what_it_is_about(page: Page, server: LiveServer) -> None:
    for language, text in (("en", "the layers below it learn too"), ("ko", "아래층도 함께 학습")):
        answer = server.client.get("/", headers={"Accept-Language": f"{language}-XX,{language};q=0.9"})
        assert text in answer.text
    page.route("**/main.js", lambda route: route.abort())
    page.goto("/?run=somewhere")
    expect(page.locator("#waiting")).to_contain_text("the layers below it learn too")


@pytest.mark.parametrize(
    ("link", "text"),
    [("run=gone", "no such run"), ("experiment=gone", "no such experiment"), ("trial=gone", "no such experiment run")],
)
def test_what_is_not_there_has_a_page_that_says_so(page: Page, link: str, text: str) -> None:
    page.goto(f"/?{link}")
    told = page.locator("#waiting")
    expect(told).to_contain_text(text)
    expect(told).to_contain_text("“gone”")
    expect(page.locator("#notices .notice")).to_have_count(0)
    told.get_by_role("button", name="To the start page").click()
    expect(page.locator("#welcome .definition")).to_be_visible()


def test_a_learning_rate_that_cannot_be_is_refused_at_its_field(page: Page, server: LiveServer) -> None:
    run = server.start(config={"duration": {"kind": "steps", "steps": 100_000}, "pace": 20})["id"]
    page.goto(f"/?run={run}")
    eventually(lambda: step_of(page) > 2)
    field = page.locator("#learning-rate")
    for wrong, why in (("-3", "above 0"), ("1e9", "1000000")):
        field.fill(wrong)
        field.press("Enter")
        expect(page.locator("#learning-rate-error")).to_contain_text(why)
        expect(field).to_have_value(wrong)
    field.fill("0.5")
    field.press("Enter")
    eventually(lambda: server.run(run)["learning_rate"] == 0.5)
    expect(page.locator("#learning-rate-error")).to_be_hidden()
    page.click("#stop")
    expect(page.locator("#transport")).to_be_hidden()


def test_the_timeline_is_three_stops_away(page: Page, finished: str) -> None:
    page.goto(f"/?run={finished}")
    settle(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#skip-timeline")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#scrub")).to_be_focused()
    expect(page.locator("#live")).to_have_text("End")


def test_on_a_phone_the_first_chart_stands_in_the_first_third(browser: Browser, server: LiveServer) -> None:
    run = server.start(config={**SHORT, "pace": 30, "duration": {"kind": "steps", "steps": 100_000}})["id"]
    with page_of_its_own(browser, base_url=server.url, viewport={"width": 390, "height": 844}) as page:
        page.goto(f"/?run={run}")
        card = page.locator("#chart-grid .card").first
        expect(card).to_be_visible()
        eventually(lambda: (card.bounding_box() or {"y": 999})["y"] < 0.35 * 844)
        expect(page.locator("#learning-rate")).to_be_hidden()
        page.click("#more-controls")
        expect(page.locator("#learning-rate")).to_be_visible()


def test_on_a_phone_the_words_at_the_recording_are_whole(browser: Browser, server: LiveServer) -> None:
    with page_of_its_own(browser, base_url=server.url, viewport={"width": 390, "height": 844}) as page:
        page.goto("/")
        picture = page.locator(".recorded svg")
        expect(picture).to_contain_text("output")
        box = picture.bounding_box()
        assert box is not None
        words = picture.locator("text").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().x)")
        assert min(words) >= box["x"]


def test_the_form_has_five_fields_and_a_refusal_unfolds_the_rest(page: Page) -> None:
    page.goto("/")
    page.click("#new-run")
    form = page.locator("#setup")
    expect(form.locator(".first .row")).to_have_count(5)
    expect(form.locator(".first label").first).to_have_text("Data")
    expect(form.locator('[data-path="seed"] input')).to_be_hidden()
    form.locator('[data-path="dataset.kind"] select').select_option("mnist")
    expect(form.locator('[data-path="dataset.kind"] select')).to_be_focused()
    form.locator(".more > summary").click()
    form.locator('[data-path="seed"] input').fill("-1")
    form.locator(".more > summary").click()
    form.locator("button[type=submit]").click()
    expect(form.locator('[data-path="seed"] .error')).to_contain_text("0")
    expect(form.locator('[data-path="seed"] input')).to_be_focused()


def test_an_outline_beyond_the_run_is_refused_at_its_field(page: Page, finished: str) -> None:
    page.goto(f"/?run={finished}")
    settle(page)
    card = page.locator('[data-view="ridges"]')
    field = card.locator("input[type=number]")
    field.fill("99999")
    field.press("Enter")
    expect(card.locator(".choices .error")).to_have_text("0 to 150")
    expect(field).to_have_value("99999")
    field.fill("40")
    field.press("Enter")
    eventually(lambda: asked(page, "compare") == "40")
    expect(card.locator(".choices .error")).to_have_text("")


def test_no_text_says_undefined(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".claim").first).to_be_visible()
    for link in page.eval_on_selector_all(".claim", "(links) => links.map((one) => one.getAttribute('href'))"):
        page.evaluate('(link) => document.querySelector(`[href="${link}"]`).click()', link)
        expect(page.locator("#start-trial")).to_be_visible()
        assert "undefined" not in page.inner_text("body")
        page.go_back()
        expect(page.locator(".claim").first).to_be_visible()


def test_no_click_is_lost_while_the_page_is_on_its_way(page: Page) -> None:
    held: list[Route] = []
    page.route("**/translations/ko.json", lambda route: held.append(route))  # noqa: PLW0108  Playwright marks it
    page.goto("/?lang=ko", wait_until="commit")
    button = page.locator("#new-run")
    eventually(lambda: page.evaluate("document.readyState") != "loading" and held)
    takes = """(button) => {
      const { x, y, width, height } = button.getBoundingClientRect();
      return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }"""
    assert not button.evaluate(takes)
    held[0].continue_()
    eventually(lambda: button.evaluate(takes))
    button.click()
    expect(page.locator("#setup .form select").first).to_be_visible()
