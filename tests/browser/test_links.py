"""What is looked at stands in the address, and an address shows it again."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SHORT
from tests.browser.looking import asked, settle
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser


def cards(page: Page) -> list[str]:
    return page.eval_on_selector_all("#chart-grid .card", "(cards) => cards.map((card) => card.dataset.view)")


def test_the_choice_of_charts_stands_in_the_link(charts: Page, finished: str) -> None:
    everything = cards(charts)
    card = charts.locator('[data-view="shift"]')
    card.hover()
    card.get_by_role("button", name="Hide this chart").click()
    eventually(lambda: cards(charts) == [view for view in everything if view != "shift"])
    eventually(lambda: asked(charts, "charts"))
    assert "shift" not in (asked(charts, "charts") or "").split(",")
    charts.get_by_role("button", name="Show the chart: Shift map").click()
    eventually(lambda: cards(charts) == everything)
    eventually(lambda: asked(charts, "charts") is None)
    for frame in ("", "&embed"):
        charts.goto(f"/?run={finished}&charts=loss,ridges&scale=value&compare=40{frame}")
        settle(charts)
        assert cards(charts) == ["ridges", "loss"]
        expect(charts.locator('[data-name="scale"] [value="value"]')).to_have_attribute("aria-pressed", "true")
        expect(charts.locator('[data-view="ridges"] input[type=number]')).to_have_value("40")
        expect(charts.locator("#hidden-charts")).to_be_visible(visible=not frame)
        assert set((asked(charts, "charts") or "").split(",")) == {"ridges", "loss"}
    charts.goto(f"/?run={finished}&charts=loss")
    expect(charts.locator(".card .hide")).to_be_hidden()
    charts.get_by_role("button", name="Show all").click()
    eventually(lambda: set(cards(charts)) > set(everything))


def test_the_charts_are_read_in_levels_and_the_laboratory_is_folded(charts: Page) -> None:
    """A newcomer sees the picture first, then why; what else was measured is one click away, and the link has it."""
    expect(charts.locator('[data-level="picture"] h2').first).to_contain_text("The picture")
    for level, view in (("picture", "ridges"), ("picture", "shift"), ("why", "loss"), ("why", "microscope")):
        expect(charts.locator(f'[data-level="{level}"] [data-view="{view}"]')).to_have_count(1)
    laboratory = charts.locator('[data-level="laboratory"]')
    expect(laboratory).to_be_hidden()
    charts.get_by_role("button", name="Show the chart: Update size").click()
    expect(laboratory.locator('[data-view="updates"]')).to_be_visible()
    eventually(lambda: "updates" in (asked(charts, "charts") or "").split(","))
    settle(charts)
    card = laboratory.locator('[data-view="updates"]')
    card.hover()
    card.get_by_role("button", name="Hide this chart").click()
    expect(laboratory).to_be_hidden()
    eventually(lambda: asked(charts, "charts") is None)


def test_embedded_it_shows_charts_alone(page: Page, finished: str) -> None:
    page.goto(f"/?run={finished}&embed")
    settle(page)
    for hidden in ("#bar", "#controls"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator('[data-view="ridges"]')).to_be_visible()


def test_settings_travel_in_a_link(page: Page) -> None:
    config = {"seed": 77, "network": {"kind": "mlp", "depth": 2, "width": 12}}
    page.goto(f"/?config={json.dumps(config)}")
    page.get_by_role("button", name="Choose the settings").click()
    expect(page.locator('[data-path="seed"] input')).to_have_value("77")
    expect(page.locator('[data-path="network.depth"] input')).to_have_value("2")


def test_two_runs_side_by_side_share_what_is_looked_at(page: Page, server: LiveServer, finished: str) -> None:
    other = server.start(config={**SHORT, "optimizer": {"kind": "adam"}}, name="the other one")["id"]
    server.wait(other, "finished")
    page.goto(f"/?run={finished}")
    settle(page)
    page.click("#show-runs")
    page.get_by_role("button", name="Compare: the other one").click()
    eventually(lambda: asked(page, "pair") == other)
    expect(page.locator("#pair figcaption").nth(1)).to_contain_text("the other one")
    overlaid = page.locator('#pair [data-view="overlay"]')
    expect(overlaid.locator(".legend")).to_contain_text("the other one")
    expect(overlaid.locator(".js-line")).to_have_count(4)
    overlaid.get_by_role("button", name="less the first run").click()
    expect(overlaid.locator(".ytitle")).to_contain_text("test accuracy, less that of")
    expect(overlaid.locator(".js-line")).to_have_count(2)
    frames = [page.frame_locator("#pair iframe").nth(i) for i in range(2)]
    for frame in frames:
        expect(frame.locator("#chart-grid[data-settled]")).to_be_attached()
    frames[0].locator("#to-start").click()
    for frame in frames:
        expect(frame.locator("#timeline .at")).to_have_text("step 0")
