"""A page of which a part does not arrive: it heals by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect


@pytest.mark.parametrize(
    # A page asks twice for a module that it has named ahead.
    ("lost", "times"),
    [("app/dom.js", 2), ("styles/layout.css", 1), ("main.js", 1), ("app/dom.js", 4)],
)
def test_what_did_not_arrive_is_asked_for_again(context: BrowserContext, lost: str, times: int) -> None:
    left = [times]

    def lose(route: Route) -> None:
        left[0] -= 1
        if left[0] < 0:
            route.continue_()
        else:
            route.abort("internetdisconnected")

    context.route(f"**/{lost}", lose)
    page = context.new_page()
    said: list[str] = []

    def note(text: str) -> None:
        said.append(text)

    loads: list[str] = []
    page.on("request", lambda request: request.is_navigation_request() and loads.append(request.url))
    page.expose_function("noticed", note)
    page.add_init_script(
        """new MutationObserver((changes) => {
            for (const change of changes)
                for (const node of change.addedNodes)
                    if (node.role === "alert" && node.textContent.includes("arrive")) window.noticed(node.textContent);
        }).observe(document, { childList: true, subtree: true });"""
    )
    page.goto("/")
    expect(page.locator("html[data-whole]")).to_be_attached()
    expect(page.locator("#new-run")).to_have_text("New run")
    expect(page.locator("#welcome, #gallery").first).to_be_visible()
    assert left[0] < 0
    # A network that changes meanwhile (a container's bridge comes) breaks off whatever is on its way, once more.
    assert len(loads) >= (3 if times > 2 else 2)
    assert bool(said) == (len(loads) > 2), "the first time is not worth a word"


def test_what_the_server_did_not_answer_is_asked_for_again(page: Page) -> None:
    lost = {"experiments", "schema"}

    def lose(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name in lost:
            lost.remove(name)
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route(re.compile("/api/(experiments|schema)$"), lose)
    page.goto("/?experiment=gone")
    expect(page.locator("#waiting")).to_contain_text("no such experiment")
    assert lost == set()
