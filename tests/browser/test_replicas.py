"""A run that several processes train: each replica's statistics beside the joined batch's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SHORT
from tests.browser.looking import picture, settle
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

REPLICAS = SHORT | {
    "replicas": 2, "batch_size": 8, "duration": {"kind": "steps", "steps": 40},
    "variants": [
        {"name": "BN", "normalization": {"kind": "batch"}},
        {"name": "SyncBN", "normalization": {"kind": "batch", "sync": True}},
    ],
}  # fmt: skip


def test_each_replica_has_a_line_beside_the_joined_batch_and_a_unit_its_own(page: Page, server: LiveServer) -> None:
    run = server.start(config=REPLICAS)["id"]
    assert server.wait(run, "finished", "failed")["state"] == "finished"
    page.goto(f"/?run={run}&charts=replicas")
    settle(page)
    card = page.locator('[data-view="replicas"]')
    card.scroll_into_view_if_needed()
    settle(page)
    for text in ("replica 0 to 1", "joined batch", "by chance: σ/√(m/replicas)"):
        expect(card.locator(".legend")).to_contain_text(text)
    before = picture(page, "replicas")
    unit = card.locator("input.unit")
    unit.fill("3")
    unit.press("Enter")
    settle(page)
    assert picture(page, "replicas") != before
