"""What a person does with the charts of a run: choose, scrub, point at, take away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import asked, chart, difference, differing, picture, settle
from tests.waiting import eventually

pytestmark = pytest.mark.browser

# Plotly's own ridges are seen, or those that are painted over them; the texts stay away from both.
PLOTLY = """
    [data-view="ridges"] .chart :is(canvas, .trace:has(.textpoint)) { visibility: hidden !important }
    [data-view="ridges"] .chart .trace:not(:has(.textpoint)) { visibility: visible !important }
"""
NO_TEXTS = """
    [data-view="ridges"] .chart .texts { visibility: hidden }
    #story { position: static !important }  /* it stays at the screen's edge, over what is pictured there */
"""
CORNER = {"x": 2, "y": 2}


def show_step(page: Page, step: int) -> None:
    page.locator("#scrub").fill(str(step))
    expect(page.locator("#timeline .at")).to_have_text(f"step {step}")
    settle(page)


@pytest.mark.parametrize("step", [0, 3, 70])
def test_the_live_ridge_is_what_plotly_draws(charts: Page, step: int) -> None:
    show_step(charts, step)
    charts.add_style_tag(content=NO_TEXTS)
    live = picture(charts, "ridges")
    # For who points at the chart, Plotly draws it from the same numbers.
    chart(charts, "ridges").hover(position=CORNER)
    settle(charts)
    charts.mouse.move(0, 0)
    plotly = charts.add_style_tag(content=PLOTLY)
    drawn = picture(charts, "ridges")
    # Both are drawn by the browser: what is left is how it rounds an edge, in a few of half a million pixels.
    assert differing(charts, live, drawn, 16) <= 20
    assert difference(charts, live, drawn) <= 64
    # The comparison can fail: another step's picture differs.
    plotly.evaluate("(style) => style.remove()")
    show_step(charts, step + 60)
    assert differing(charts, picture(charts, "ridges"), drawn, 16) > 2000


def test_a_line_drawn_step_by_step_is_the_line_drawn_at_once(charts: Page) -> None:
    chart(charts, "moments").scroll_into_view_if_needed()
    settle(charts)
    first = picture(charts, "moments")
    for width in (1500, 1600):
        charts.set_viewport_size({"width": width, "height": 1000})
        chart(charts, "moments").scroll_into_view_if_needed()
        settle(charts)
    assert difference(charts, picture(charts, "moments"), first) <= 8


def test_a_layer_chosen_anywhere_is_followed_and_stands_in_the_link(charts: Page) -> None:
    density = charts.locator('[data-view="density"]')
    density.scroll_into_view_if_needed()
    density.locator("select.layer").select_option("hidden 2")
    eventually(lambda: asked(charts, "layer") == "hidden 2")
    expect(density.locator(".infolayer")).to_contain_text("with BN · hidden 2")
    charts.reload()
    settle(charts)
    charts.locator('[data-view="density"]').scroll_into_view_if_needed()
    expect(density.locator("select.layer")).to_have_value("hidden 2")
    expect(density.locator(".infolayer")).to_contain_text("with BN · hidden 2")


def test_a_click_on_a_ridge_chooses_its_layer(charts: Page) -> None:
    ridge = charts.locator('[data-view="ridges"] .trace[class*="now-0-1"] path').first
    x, y = ridge.evaluate(
        """(path) => {
            const {x, y} = path.getPointAtLength(path.getTotalLength() / 4).matrixTransform(path.getScreenCTM());
            return [x, y];
        }"""
    )
    charts.mouse.move(x - 3, y)
    settle(charts)
    charts.mouse.move(x, y)
    said = charts.locator('[data-view="ridges"] .hoverlayer')
    for words in ("without BN · hidden 2", "shown step: density", "step 0: density", "of the values lie below"):
        expect(said).to_contain_text(words)
    charts.mouse.click(x, y)
    eventually(lambda: asked(charts, "layer") == "hidden 2")


def test_keys_move_through_the_run(charts: Page) -> None:
    chart(charts, "loss").scroll_into_view_if_needed()
    at = charts.locator("#timeline .at")
    for key, step in (("Home", 0), ("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10)):
        charts.locator("body").press(key)
        expect(at).to_have_text(f"step {step}")
    expect(charts.locator(".cursor:not([hidden])").nth(1)).to_be_attached()
    eventually(lambda: asked(charts, "step") == "10")
    charts.locator("body").press("l")
    expect(charts.locator("#live")).to_have_attribute("aria-pressed", "true")
    expect(charts.locator(".cursor:not([hidden])")).to_have_count(0)


def test_the_replay_moves_by_itself_and_ends_live(charts: Page) -> None:
    live = charts.locator("#live")
    charts.click("#to-start")
    expect(live).to_have_attribute("aria-pressed", "false")
    charts.locator("#duration").select_option("60")
    charts.click("#play")
    eventually(lambda: int(charts.locator("#scrub").input_value()) > 3)
    charts.locator("#duration").select_option("10")
    expect(live).to_have_attribute("aria-pressed", "true")
    expect(charts.locator("#play")).to_have_attribute("aria-label", "Replay")


def test_the_outline_can_be_any_step(charts: Page) -> None:
    field = charts.locator('[data-view="ridges"] input[type=number]')
    field.fill("40")
    field.press("Enter")
    eventually(lambda: asked(charts, "compare") == "40")
    settle(charts)
    before = picture(charts, "ridges")
    charts.locator('[data-view="ridges"]').get_by_role("button", name="in values").click()
    settle(charts)
    assert difference(charts, picture(charts, "ridges"), before) > 50
    # The numbers at the ridges follow the axis, and say so.
    expect(charts.locator('[data-view="ridges"] .legend')).to_contain_text("number: distance of training batches since")
    expect(charts.locator('[data-view="ridges"] .texts')).not_to_contain_text("σ")


def test_hovering_says_exact_values(charts: Page) -> None:
    chart(charts, "loss").hover(position={"x": 150, "y": 60})
    settle(charts)
    chart(charts, "loss").hover(position={"x": 160, "y": 62})
    expect(charts.locator('[data-view="loss"] .hoverlayer')).to_contain_text("step")


@pytest.mark.parametrize(("label", "beginning"), [("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"network,")])
def test_a_chart_can_be_taken_away(charts: Page, label: str, beginning: bytes) -> None:
    card = charts.locator('[data-view="shift"]')
    card.hover()
    with charts.expect_download() as download:
        card.get_by_role("button", name=label).click()
    content = download.value.path().read_bytes()
    assert content.startswith(beginning)
    assert len(content) > 500


def test_each_chart_explains_itself(charts: Page) -> None:
    card = charts.locator('[data-view="shift"]')
    card.hover()
    before = chart(charts, "shift").bounding_box()
    ask = card.get_by_role("button", name="What is this?")
    ask.click()
    expect(card.locator(".help")).to_contain_text("How far each layer")
    expect(ask).to_have_attribute("aria-expanded", "true")
    # It hides nothing of its chart.
    help_box, plot_box = card.locator(".help").bounding_box(), chart(charts, "shift").bounding_box()
    assert help_box
    assert plot_box
    assert help_box["y"] >= plot_box["y"] + plot_box["height"] - 1
    assert before
    assert plot_box["height"] >= before["height"]  # nor does it press it
    # It comes up with its chart: both are seen at once.
    expect(card.locator(".help")).to_be_in_viewport()
    expect(chart(charts, "shift")).to_be_in_viewport()
    ask.click()
    expect(card.locator(".help")).to_be_hidden()


def test_each_chart_says_in_words_what_it_shows(charts: Page) -> None:
    expect(charts.locator("#summary-ridges")).to_contain_text("has moved most")
    chart(charts, "gradients").scroll_into_view_if_needed()
    expect(charts.locator("#summary-gradients")).to_contain_text("with BN")


def test_the_most_shift_is_named_with_its_network_and_how_much_as_long_as_it_is_looked_at(charts: Page) -> None:
    charts.get_by_role("button", name="most shift").click()
    found = charts.locator("#timeline .found")
    expect(found).to_have_text(re.compile(r"^with(out)? BN · hidden \d: [\d.]+ σ$"))
    charts.locator("#language").select_option("ko")
    expect(found).to_have_text(re.compile(r"^BN (있음|없음) · 은닉 \d: [\d.]+ ?σ$"))
    charts.keyboard.press("Escape")
    expect(found).to_have_text("")
