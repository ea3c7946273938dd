"""A page of which a part does not arrive: it heals by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Route, expect


@pytest.mark.parametrize(
    ("lost", "times"), [("app/dom.js", 1), ("styles/layout.css", 1), ("main.js", 1), ("app/dom.js", 3)]
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
    assert bool(said) == (times > 1), "the first time is not worth a word"
