"""A link that nobody made, and a run that declares nothing, are told of in a sentence."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import LiveServer
from tests.producer import Producer

pytestmark = pytest.mark.browser


def test_what_cannot_be_shown_is_told_of(page: Page, server: LiveServer) -> None:
    page.goto("/?lang=constructor")
    expect(page.locator("#notices")).to_contain_text("There is no language constructor; there are en, ko")
    page.goto('/?config={"network":5,"batch_size":[],"seed":3}')
    page.get_by_role("button", name="Choose the settings").click()
    expect(page.locator("#setup [role=alert]").last).to_contain_text("stand at their defaults: network, batch_size")
    page.goto("/?run=a0&pair=" + ",".join(f"a{i}" for i in range(10)))
    expect(page.locator("#pair > .note")).to_have_text("8 runs are shown: 2 more that the link asks for are left out.")
    expect(page.locator("#pair iframe")).to_have_count(8)
    with Producer(server.url, {"name": "nothing declared"}) as producer:
        producer.say(type="begin", header={"networks": [{"name": "a", "layers": []}], "layouts": []})
        page.goto(f"/?run={producer.run}")
        expect(page.locator("#story")).to_contain_text("declares nothing that it records")
