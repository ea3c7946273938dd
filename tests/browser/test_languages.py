"""The page in a toy language that is one file: each text in «», so that whatever is shown in another form is found."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shiftscope.notices import ENGLISH as ENGLISH_NOTICES
from shiftscope.translations import read
from tests.conftest import REPOSITORY, LiveServer
from tests.translations.messages import PLACEHOLDER
from tests.waiting import eventually

ENGLISH = (REPOSITORY / "frontend" / "locales" / "en.js").read_text(encoding="utf-8")
TEXT = re.compile(r'^  (?:"([\w.]+)"|(\w+)):\s*("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
NAMES = {"Shiftscope", "English", "PNG", "SVG", "CSV"}
"""What is called so in every language. Titles of papers, and letters of formulae, are left out by where they stand."""

MODULE = re.compile(r"· (Linear|Conv2d) \d+→\d+")
"""A layer's type and sizes: named as in the code that made it."""

TEXTS_SHOWN = """() => {
  const left = "script, style, noscript, mi, a[target=_blank]";
  const shown = (element) => element.tagName === "OPTION" || element.getClientRects().length > 0;
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!element.closest(left) && shown(element)) found.push(walker.currentNode.textContent);
  }
  for (const name of ["title", "aria-label", "placeholder", "alt"])
    for (const element of document.querySelectorAll(`[${name}]:not(math)`))
      if (shown(element)) found.push(element.getAttribute(name));
  return found;
}"""


def marked(text: str) -> str:
    """Put a text's words, but not its placeholders, in «»."""
    return re.sub(r"(\{\w+\})|[^{}]+", lambda part: part[1] or f"«{part[0]}»", text)


def toy() -> dict[str, Any]:
    texts = {quoted or plain: json.loads(text) for quoted, plain, text in TEXT.findall(ENGLISH)}
    assert set(texts) == set(read("ko")["texts"])
    return {
        "language": "Toy",
        "texts": {key: marked(text) for key, text in texts.items()},
        "messages": {message: marked(message) for message in read("ko")["messages"]},
        "notices": {code: marked(text) for code, text in ENGLISH_NOTICES.items()},
    }


@pytest.fixture
def page_in_toy(context: BrowserContext) -> Page:
    """A page that gets the toy's file as Korean's; that the server offers what lies in its folder is tested there."""
    context.route("**/translations/ko.json", lambda route: route.fulfill(json=toy()))
    return context.new_page()


def strays(page: Page) -> list[str]:
    """Return what is shown and stands in no catalogue."""
    bare = [MODULE.sub(" ", re.sub(r"«[^»]*»", " ", text)) for text in page.evaluate(TEXTS_SHOWN)]
    return [text for text in bare if set(re.findall(r"[A-Za-z]{2,}", text)) - NAMES]


def test_the_start_page_and_an_experiment(page_in_toy: Page) -> None:
    page = page_in_toy
    page.goto("/?lang=ko")
    expect(page.locator(".claim").first).to_be_visible()
    assert strays(page) == []
    for experiment in ("two-axes", "santurkar"):
        page.locator(f'[data-experiment="{experiment}"]').click()
        expect(page.locator("#start-trial")).to_be_visible()
        assert strays(page) == []
        page.go_back()


def test_a_run_its_charts_and_the_list(page_in_toy: Page, server: LiveServer) -> None:
    run = server.start(config={"duration": {"kind": "steps", "steps": 30}, "probes": "full", "network": {"depth": 2}})
    server.wait(run["id"], "finished")
    page = page_in_toy
    page.goto(f"/?run={run['id']}&lang=ko")
    cards = page.locator("#chart-grid .card")
    expect(page.locator('[data-view="ridges"] .infolayer text').first).to_be_attached()
    for at in range(cards.count()):
        cards.nth(at).scroll_into_view_if_needed()
        expect(cards.nth(at).locator(".main-svg").first).to_be_attached()
        assert strays(page) == []
    page.click("#show-runs")
    expect(page.locator("#runs li").first).to_be_visible()
    listed = server.client.get("/api/runs").json()  # some of them other tests', one is shown by its file's name
    given = {run[key] for run in listed for key in ("name", "file")} - {""}
    assert [text for text in strays(page) if not any(name in text for name in given)] == []


def test_a_verdict_and_all_that_was_measured(page_in_toy: Page, swept: str) -> None:
    page = page_in_toy
    page.goto(f"/?trial={swept}&lang=ko")
    expect(page.locator("#verdict .parts")).to_be_visible()
    page.locator("#verdict summary").click()
    expect(page.locator("#verdict details table")).to_be_visible()
    assert strays(page) == []


def test_the_form_whatever_is_chosen(page_in_toy: Page) -> None:
    page = page_in_toy
    page.goto("/?lang=ko")
    page.click("#new-run")
    selects = page.locator("#setup .form select")
    expect(selects.first).to_be_visible()
    page.locator("#setup .more > summary").click()
    chosen = 0
    while chosen < selects.count():
        for value in selects.nth(chosen).evaluate("(select) => Array.from(select.options, (one) => one.value)"):
            selects.nth(chosen).select_option(value)
            assert strays(page) == []
        chosen += 1
    assert chosen > 6


def test_the_marks_would_be_missed(page_in_toy: Page) -> None:
    page = page_in_toy
    page.goto("/?lang=ko")
    expect(page.locator("#new-run")).to_have_text("«New run»")
    page.evaluate("document.querySelector('#new-run').textContent = 'New run'")
    eventually(lambda: strays(page) == ["New run"])
    assert PLACEHOLDER.findall(marked("{a} of {b}")) == ["a", "b"]
