"""The controls of a script's run that goes on: what cannot be done from the page is not offered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import LiveServer
from tests.producer import Producer

pytestmark = pytest.mark.browser


def test_a_script_is_not_paused_from_the_page_and_its_recording_is_stopped_only_when_confirmed(
    page: Page, server: LiveServer
) -> None:
    asked: list[str] = []
    with Producer(server.url) as producer:
        producer.begin()
        page.goto(f"/?run={producer.run}")
        expect(page.locator("#stop")).to_be_enabled()
        for button in ("#pause", "#step"):
            expect(page.locator(button)).to_be_disabled()
            expect(page.locator(button)).to_have_attribute("title", re.compile("script sets its own pace"))
        expect(page.locator("#tuning")).to_be_hidden()
        page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.click("#stop")
        assert "The script goes on training" in asked[0]
        assert server.run(producer.run)["state"] == "running"
        page.once("dialog", lambda dialog: dialog.accept())
        page.click("#stop")
        expect(page.locator("#run-state")).to_have_text("stopped")
