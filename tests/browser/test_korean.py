"""The page in Korean: complete, and it stays so."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NAME, SHORT
from tests.browser.looking import settle
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser


def test_korean_is_complete_and_stays(charts: Page) -> None:
    charts.locator("#language").select_option("ko")
    expect(charts.locator("#new-run")).to_have_text("새 실행")
    expect(charts.locator('[data-view="shift"] h2')).to_have_text("분포 변화 지도")
    charts.reload()
    expect(charts.locator("html")).to_have_attribute("lang", "ko")
    expect(charts.locator("#new-run")).to_have_text("새 실행")


def test_what_the_program_says_is_korean_on_the_korean_page(page: Page, server: LiveServer, finished: str) -> None:
    stopped = server.start(config={**SHORT, "pace": 1})["id"]
    server.wait_for_step(stopped, 1)
    server.client.post(f"/api/runs/{stopped}/stop")
    page.goto(f"/?run={finished}&lang=ko")
    settle(page)
    expect(page.locator('[data-view="ridges"] .infolayer')).to_contain_text("BN 없음")
    page.click("#show-runs")
    row = page.locator("#runs li").filter(has_text="손글씨 숫자: BN 없음, BN 있음").first
    expect(row.locator(".spark")).to_have_attribute("aria-label", re.compile("BN 없음: 손실"))
    expect(page.locator("#runs li").filter(has_text=NAME)).to_have_count(1)
