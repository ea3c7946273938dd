"""The axes along the run: one stretch for all charts, and what they count."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import asked, chart, settle
from tests.waiting import eventually

pytestmark = pytest.mark.browser


@pytest.fixture
def charts(charts: Page) -> Page:
    """The page where its lines are seen: what nobody sees is not drawn."""
    chart(charts, "loss").scroll_into_view_if_needed()
    settle(charts)
    return charts


def ticks(page: Page, view: str) -> str:
    return page.locator(f'[data-view="{view}"] .xaxislayer-above').last.text_content() or ""


def test_a_stretch_that_is_marked_in_one_chart_is_shown_in_all(charts: Page) -> None:
    bar = charts.locator("#axis-bar")
    plot = chart(charts, "loss").locator(".nsewdrag").first
    box = plot.bounding_box()
    assert box
    before = {view: ticks(charts, view) for view in ("gradients", "shift")}
    charts.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    charts.mouse.down()
    charts.mouse.move(box["x"] + 2 * box["width"] / 3, box["y"] + box["height"] / 2, steps=5)
    charts.mouse.up()
    expect(bar).to_contain_text(re.compile(r"\d – \d"))
    eventually(lambda: asked(charts, "zoom"))
    settle(charts)
    for view, text in before.items():
        assert ticks(charts, view) != text, view
    # Plotly says nothing of its own.
    expect(charts.locator(".plotly-notifier")).to_have_count(0)
    charts.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    eventually(lambda: asked(charts, "zoom") is None)
    settle(charts)
    assert {view: ticks(charts, view) for view in before} == before


def test_buttons_move_the_stretch_and_show_the_whole_run_again(charts: Page) -> None:
    bar = charts.locator("#axis-bar")
    bar.get_by_role("button", name="Closer").click()
    eventually(lambda: asked(charts, "zoom") == "37.5..112.5")
    bar.get_by_role("button", name="Towards the end").click()
    eventually(lambda: asked(charts, "zoom") == "75..150")
    bar.get_by_role("button", name="whole run").click()
    eventually(lambda: asked(charts, "zoom") is None)
    expect(bar.get_by_role("button", name="whole run")).to_be_hidden()


def test_the_axis_may_count_the_training_loss(charts: Page) -> None:
    charts.locator("#axis-bar").get_by_label("x axis").select_option("training loss")
    eventually(lambda: asked(charts, "x") == "loss")
    chart(charts, "loss").scroll_into_view_if_needed()
    settle(charts)
    expect(chart(charts, "loss").locator(".infolayer")).to_contain_text("lowest training loss so far")
    chart(charts, "loss").hover(position={"x": 150, "y": 60})
    settle(charts)
    chart(charts, "loss").hover(position={"x": 160, "y": 62})
    expect(charts.locator('[data-view="loss"] .hoverlayer')).to_contain_text("step")


def test_values_may_stand_on_linear_axes(charts: Page) -> None:
    labels = chart(charts, "gradients").locator(".yaxislayer-above").first
    expect(labels.locator("tspan").first).to_be_attached()
    charts.locator("#axis-bar").get_by_label("y axis").select_option("linear")
    eventually(lambda: asked(charts, "y") == "linear")
    chart(charts, "gradients").scroll_into_view_if_needed()
    # No powers of ten any more.
    expect(labels.locator("tspan")).to_have_count(0)


def test_smoothing_is_a_slider_and_the_legend_says_over_how_many(charts: Page) -> None:
    slider = charts.locator("#axis-bar").get_by_label("Smoothing")
    legend = charts.locator('[data-view="gradients"] .legend')
    slider.fill("3")
    legend.scroll_into_view_if_needed()
    expect(legend).to_contain_text("running mean of 50")
    slider.fill("0")
    legend.scroll_into_view_if_needed()
    expect(legend).not_to_contain_text("running mean")
    eventually(lambda: asked(charts, "smoothing") == "1")
