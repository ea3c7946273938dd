"""What the charts of single channels, and the dialog of what measuring costs, show to who looks and chooses."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import asked, chart, picture, settle

pytestmark = pytest.mark.browser


def test_the_outermost_channels_are_named_and_a_layer_has_its_own(charts: Page) -> None:
    legend = charts.locator('[data-view="affine"] .legend')
    legend.scroll_into_view_if_needed()
    expect(legend).to_contain_text("highest now: γ[")
    before = legend.inner_text()
    charts.locator('[data-view="microscope"] select.layer').select_option("hidden 1")
    settle(charts)
    expect(chart(charts, "affine").locator(".infolayer")).to_contain_text("with BN · hidden 1")
    expect(legend).not_to_have_text(before)


def test_a_channel_says_what_it_has_in_training_and_in_evaluation(charts: Page) -> None:
    charts.goto(f"/?run={asked(charts, 'run')}&charts=running")
    settle(charts)
    host = chart(charts, "running")
    host.scroll_into_view_if_needed()
    settle(charts)
    where = host.locator(".scatterlayer .trace path.js-fill").first.evaluate(
        """(path) => {
            const {x, y} = path.getPointAtLength(1).matrixTransform(path.getScreenCTM());
            return {x, y};
        }"""
    )
    charts.mouse.move(where["x"] - 4, where["y"])
    settle(charts)
    charts.mouse.move(where["x"], where["y"])
    said = host.locator(".hoverlayer")
    expect(said).to_contain_text("channel")
    expect(said).to_contain_text("mean, this batch")
    expect(said).to_contain_text("mean, running")


def test_another_unit_has_other_numbers_in_the_equations_and_in_the_picture(charts: Page) -> None:
    card = charts.locator('[data-view="microscope"]')
    card.scroll_into_view_if_needed()
    settle(charts)
    unit = card.locator("input.unit")
    expect(card.locator(".legend")).to_contain_text(f"unit {unit.input_value()}: mean ± σ")
    other = "1" if unit.input_value() == "0" else "0"
    equations, before = card.locator(".math").inner_html(), picture(charts, "microscope")
    unit.fill(other)
    unit.press("Enter")
    settle(charts)
    expect(card.locator(".legend")).to_contain_text(f"unit {other}: mean ± σ")
    assert card.locator(".math").inner_html() != equations
    assert picture(charts, "microscope") != before


def test_what_measuring_costs_stands_in_a_dialog_with_each_probe_named(charts: Page) -> None:
    expect(charts.locator('[data-view="cost"]')).to_have_count(0)
    charts.get_by_role("button", name="Cost of measuring").click()
    dialog = charts.locator("dialog#cost")
    expect(dialog.locator(".legend")).to_contain_text("histograms")
    expect(dialog.locator(".chart canvas")).to_be_visible()
    charts.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(charts.locator('[data-view="cost"]')).to_have_count(0)
