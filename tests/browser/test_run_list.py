"""The list of runs: their losses, their names, and a name that tries to be more than text."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NAME, SHORT
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser


def test_a_name_is_text_everywhere(charts: Page) -> None:
    expect(charts.locator("#run-name")).to_have_text(NAME)
    charts.click("#show-runs")
    expect(charts.locator("#runs .name").first).to_be_visible()
    assert charts.locator("img").count() == 0


def test_a_run_is_renamed_and_deleted(page: Page, server: LiveServer) -> None:
    run = server.start(config={**SHORT, "duration": {"kind": "steps", "steps": 3}}, name="to be renamed")["id"]
    server.wait(run, "finished")
    page.goto("/")
    answers = iter(["renamed", None])
    page.on("dialog", lambda dialog: dialog.accept(next(answers) or ""))
    page.click("#show-runs")
    item = page.locator("#runs li", has_text="to be renamed")
    item.get_by_role("button", name="Rename: ").click()
    item = page.locator("#runs li").filter(has=page.get_by_role("button", name="renamed", exact=True))
    expect(item).to_be_visible()
    eventually(lambda: server.run(run)["name"] == "renamed")
    item.get_by_role("button", name="Delete").click()
    eventually(lambda: run not in [one["id"] for one in server.client.get("/api/runs").json()])
    expect(item).to_have_count(0)


def test_the_list_shows_each_runs_losses_while_they_fall(page: Page, server: LiveServer, finished: str) -> None:
    name = "to be watched in the list"
    moving = server.start(name=name, config={**SHORT, "pace": 20, "duration": {"kind": "steps", "steps": 5000}})["id"]
    page.goto(f"/?run={finished}")
    page.click("#show-runs")
    expect(page.locator("#runs li").filter(has_text=NAME).locator(".spark path")).to_have_count(2)
    row = page.locator("#runs li", has_text=name)
    curve = row.locator(".spark")
    expect(curve).to_have_attribute("aria-label", re.compile("without BN: loss from .*with BN: loss from"))
    row.get_by_role("button", name="Rename: ").focus()
    before = curve.get_attribute("aria-label") or ""
    expect(curve).not_to_have_attribute("aria-label", before)
    expect(row.get_by_role("button", name=f"Rename: {name}")).to_be_focused()
    assert page.locator("#runs .js-plotly-plot").count() == 0
    server.client.post(f"/api/runs/{moving}/stop")
    expect(row.locator(".pill")).to_have_text("stopped")
