"""What a person does with the charts of a run: choose, scrub, compare, take away, read in another language."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE, eventually
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

SHORT: dict[str, Any] = {
    "duration": {"kind": "steps", "steps": 150},
    "network": {"depth": 3, "width": 24},
    "recording": {"kind": "every", "every": 1},
}
# Whether Plotly's own ridges are seen, or those that are painted over them; the texts stay away from both.
# Plotly's own ridges are seen, or those that are painted over them; the texts stay away from both.
PLOTLY = """
    [data-view="ridges"] .chart :is(canvas, .trace:has(.textpoint)) { visibility: hidden !important }
    [data-view="ridges"] .chart .trace:not(:has(.textpoint)) { visibility: visible !important }
"""
NO_TEXTS = '[data-view="ridges"] .chart .texts { visibility: hidden }'
NAME = '<img src=x onerror="document.title=1"> & <b>bold</b>'


@pytest.fixture(scope="session")
def finished(server: LiveServer) -> str:
    """The id of a finished run, its name an attempt at markup."""
    run = server.start(config=SHORT, name=NAME)["id"]
    server.wait(run, "finished")
    return run


@pytest.fixture
def stage(page: Page, finished: str) -> Page:
    page.goto(f"/?run={finished}")
    ready(page)
    return page


def ready(page: Page) -> None:
    """Wait until every chart on the screen has been drawn with the whole history."""
    eventually(lambda: page.evaluate(
        """() => {
            const charts = window.shiftscope ? [...shiftscope.stage.charts.values()].map((one) => one.chart) : [];
            return charts.length >= 6 && charts.every((chart) => !chart.visible || (chart.figure && !chart.stale)) &&
                shiftscope.session().history.stream(1).count >= 150;
        }"""))  # fmt: skip
    page.wait_for_timeout(400)


def selected(page: Page, name: str) -> Any:
    return page.evaluate(f"shiftscope.store.state.selection.{name}")


def picture(page: Page, view: str) -> bytes:
    """Return what the chart looks like, as PNG."""
    return page.locator(f'[data-view="{view}"] .chart').screenshot()


def difference(page: Page, one: bytes, other: bytes) -> int:
    """Return the largest difference of a colour in any pixel, 0 to 255."""
    return max(size for size, count in enumerate(differences(page, one, other)) if count)


def differing(page: Page, one: bytes, other: bytes, more_than: int) -> int:
    """Return how many colours of pixels differ by more than so much."""
    return sum(differences(page, one, other)[more_than + 1 :])


def differences(page: Page, one: bytes, other: bytes) -> list[int]:
    """Return how many colours of pixels differ by 0, 1, ... 255. The browser decodes the pictures."""
    return page.evaluate(
        """async (pictures) => {
            const [one, other] = await Promise.all(pictures.map(async (png) => {
                const image = new Image();
                image.src = `data:image/png;base64,${png}`;
                await image.decode();
                const canvas = new OffscreenCanvas(image.width, image.height);
                const context = canvas.getContext("2d");
                context.drawImage(image, 0, 0);
                return context.getImageData(0, 0, image.width, image.height);
            }));
            const counts = new Array(256).fill(0);
            if (one.width !== other.width || one.height !== other.height) counts[255] = one.data.length;
            else one.data.forEach((value, i) => counts[Math.abs(value - other.data[i])]++);
            return counts;
        }""",
        [base64.b64encode(png).decode() for png in (one, other)],
    )


def test_a_name_is_text_everywhere(stage: Page) -> None:
    expect(stage.locator("#run-name")).to_have_text(NAME)
    stage.click("#show-runs")
    expect(stage.locator("#runs .name").first).to_be_visible()
    assert stage.locator("img").count() == 0


@pytest.mark.parametrize("step", [0, 3, 70])
def test_the_live_ridge_is_what_plotly_draws(stage: Page, step: int) -> None:
    stage.mouse.move(5, 5)
    stage.evaluate(f"shiftscope.store.dispatch({{type: 'select', selection: {{step: {step}}}}})")
    stage.wait_for_timeout(500)
    stage.add_style_tag(content=NO_TEXTS)
    live = picture(stage, "ridges")
    stage.evaluate("shiftscope.stage.charts.get('ridges').chart.settle()")
    stage.evaluate("Plotly.redraw(shiftscope.stage.charts.get('ridges').chart.gd)")
    stage.wait_for_timeout(300)
    plotly = stage.add_style_tag(content=PLOTLY)
    drawn = picture(stage, "ridges")
    # Both are drawn by the browser: what is left is how it rounds an edge, in a few of half a million pixels.
    assert differing(stage, live, drawn, 16) <= 20
    assert difference(stage, live, drawn) <= 64
    # The comparison can fail: another step's picture differs.
    stage.evaluate(f"shiftscope.store.dispatch({{type: 'select', selection: {{step: {step + 60}}}}})")
    stage.wait_for_timeout(500)
    plotly.evaluate("(style) => style.remove()")
    assert differing(stage, picture(stage, "ridges"), drawn, 16) > 2000


def test_a_line_drawn_step_by_step_is_the_line_drawn_at_once(stage: Page) -> None:
    stage.mouse.move(5, 5)
    stage.wait_for_timeout(3000)  # until the axes are those of the whole history
    first = picture(stage, "moments")
    stage.set_viewport_size({"width": 1500, "height": 1000})
    stage.wait_for_timeout(500)
    stage.set_viewport_size({"width": 1600, "height": 1000})
    stage.wait_for_timeout(500)
    assert difference(stage, picture(stage, "moments"), first) <= 8


def test_a_layer_chosen_anywhere_is_followed_and_stands_in_the_link(stage: Page) -> None:
    density = stage.locator('[data-view="density"]')
    density.scroll_into_view_if_needed()
    density.locator("select.layer").select_option("hidden 2")
    eventually(lambda: "layer=hidden+2" in stage.url)
    eventually(lambda: "with BN · hidden 2" in density.locator(".infolayer").inner_html())
    stage.reload()
    ready(stage)
    assert selected(stage, "layer") == "hidden 2"


def test_a_click_on_a_ridge_chooses_its_layer(stage: Page) -> None:
    box = stage.locator('[data-view="ridges"] .chart').bounding_box()
    assert box
    place = stage.evaluate(
        """() => { const {gd} = shiftscope.stage.charts.get('ridges').chart; const {xaxis, yaxis} = gd._fullLayout;
            const {x, y} = gd.data.find((one) => one.uid === 'now-0-1'); const i = 32;
            return [xaxis._offset + xaxis._m * x[i] + xaxis._b, yaxis._offset + yaxis._m * y[i] + yaxis._b]; }"""
    )
    stage.mouse.move(box["x"] + place[0] - 3, box["y"] + place[1])
    stage.wait_for_timeout(600)
    stage.mouse.move(box["x"] + place[0], box["y"] + place[1])
    stage.wait_for_timeout(300)
    stage.mouse.click(box["x"] + place[0], box["y"] + place[1])
    eventually(lambda: selected(stage, "layer") == "hidden 2")


def test_keys_move_through_the_run(stage: Page) -> None:
    stage.locator("body").press("Home")
    eventually(lambda: selected(stage, "step") == 0)
    stage.locator("body").press("ArrowRight")
    eventually(lambda: selected(stage, "step") == 1)
    stage.locator("body").press("Shift+ArrowRight")
    eventually(lambda: selected(stage, "step") == 11)
    stage.locator("body").press("ArrowLeft")
    eventually(lambda: selected(stage, "step") == 10)
    expect(stage.locator("#timeline .at")).to_have_text("step 10")
    eventually(lambda: stage.locator(".cursor:not([hidden])").count() > 3)
    stage.locator("body").press("l")
    eventually(lambda: selected(stage, "step") is None)
    expect(stage.locator(".cursor:not([hidden])")).to_have_count(0)


def test_the_replay_moves_by_itself_and_ends_live(stage: Page) -> None:
    stage.locator("#timeline select").select_option("4")
    stage.click("#play")
    eventually(lambda: (selected(stage, "step") or 0) > 20)
    eventually(lambda: selected(stage, "step") is None)


def test_the_outline_can_be_any_step(stage: Page) -> None:
    field = stage.locator('[data-view="ridges"] input[type=number]')
    field.fill("40")
    field.press("Enter")
    eventually(lambda: "compare=40" in stage.url)
    before = picture(stage, "ridges")
    stage.locator('[data-view="ridges"] select').select_option("value")
    eventually(lambda: difference(stage, picture(stage, "ridges"), before) > 50)


def test_hovering_says_exact_values(stage: Page) -> None:
    stage.locator('[data-view="loss"] .chart').hover(position={"x": 150, "y": 60})
    stage.wait_for_timeout(1200)
    stage.locator('[data-view="loss"] .chart').hover(position={"x": 160, "y": 62})
    eventually(lambda: stage.locator('[data-view="loss"] .hoverlayer text').count() > 0)
    assert "step" in (stage.locator('[data-view="loss"] .hoverlayer').text_content() or "")


@pytest.mark.parametrize(("label", "beginning"), [("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"network,")])
def test_a_chart_can_be_taken_away(stage: Page, label: str, beginning: bytes) -> None:
    card = stage.locator('[data-view="shift"]')
    card.hover()
    with stage.expect_download() as download:
        card.get_by_role("button", name=label).click()
    content = download.value.path().read_bytes()
    assert content.startswith(beginning)
    assert len(content) > 500


def test_each_chart_explains_itself(stage: Page) -> None:
    card = stage.locator('[data-view="shift"]')
    card.hover()
    card.get_by_role("button", name="What is this?").click()
    expect(stage.locator("#help")).to_contain_text("How far each layer")
    stage.keyboard.press("Escape")
    expect(stage.locator("#help")).to_be_hidden()


def test_each_chart_says_in_words_what_it_shows(stage: Page) -> None:
    eventually(lambda: "has moved most" in stage.locator("#summary-ridges").inner_text())
    assert "with BN" in stage.locator("#summary-gradients").inner_text()


def test_a_run_is_renamed_and_deleted(page: Page, server: LiveServer) -> None:
    run = server.start(config={**SHORT, "duration": {"kind": "steps", "steps": 3}}, name="to be renamed")["id"]
    server.wait(run, "finished")
    page.goto("/")
    answers = iter(["renamed", None])
    page.on("dialog", lambda dialog: dialog.accept(next(answers) or ""))
    page.click("#show-runs")
    item = page.locator("#runs li", has_text="to be renamed")
    item.get_by_role("button", name="Rename: ").click()
    expect(page.locator("#runs li", has_text="renamed").first).to_be_visible()
    eventually(lambda: server.run(run)["name"] == "renamed")
    item = page.locator("#runs li").filter(has=page.get_by_role("button", name="renamed", exact=True))
    item.get_by_role("button", name="Delete").click()
    eventually(lambda: run not in [one["id"] for one in server.client.get("/api/runs").json()])


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
    before = curve.get_attribute("aria-label")
    eventually(lambda: curve.get_attribute("aria-label") != before)
    assert page.evaluate("document.activeElement.ariaLabel") == f"Rename: {name}"
    assert page.locator("#runs .js-plotly-plot").count() == 0
    server.client.post(f"/api/runs/{moving}/stop")
    expect(row.locator(".pill")).to_have_text("stopped")


def test_two_runs_side_by_side_share_what_is_looked_at(page: Page, server: LiveServer, finished: str) -> None:
    other = server.start(config={**SHORT, "optimizer": {"kind": "adam"}}, name="the other one")["id"]
    server.wait(other, "finished")
    page.goto(f"/?run={finished}")
    ready(page)
    page.click("#show-runs")
    page.get_by_role("button", name="Compare: the other one").click()
    eventually(lambda: f"pair={other}" in page.url)
    expect(page.locator("#pair figcaption").nth(1)).to_contain_text("the other one")
    frames = [page.frame_locator("#pair iframe").nth(i) for i in range(2)]
    for frame in frames:
        expect(frame.locator('[data-view="ridges"] canvas')).to_be_visible()
    frames[0].locator("#to-start").click()
    for frame in frames:
        expect(frame.locator("#timeline .at")).to_have_text("step 0")


def test_embedded_it_shows_charts_alone(page: Page, finished: str) -> None:
    page.goto(f"/?run={finished}&embed")
    ready(page)
    for hidden in ("#bar", "#controls"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator('[data-view="ridges"]')).to_be_visible()


def cards(page: Page) -> list[str]:
    return page.eval_on_selector_all("#stage .card", "(cards) => cards.map((card) => card.dataset.view)")


def test_the_choice_of_charts_stands_in_the_link(stage: Page, finished: str) -> None:
    everything = cards(stage)
    card = stage.locator('[data-view="shift"]')
    card.hover()
    card.get_by_role("button", name="Hide this chart").click()
    eventually(lambda: cards(stage) == [view for view in everything if view != "shift"])
    assert "shift" not in stage.url.split("charts=")[1].split(",")
    stage.get_by_role("button", name="Show the chart: Shift map").click()
    eventually(lambda: cards(stage) == everything)
    assert "charts" not in stage.url
    for frame in ("", "&embed"):
        stage.goto(f"/?run={finished}&charts=loss,ridges&scale=value&compare=40{frame}")
        expect(stage.locator('[data-view="ridges"] canvas')).to_be_visible()
        assert cards(stage) == ["ridges", "loss"]
        assert [selected(stage, name) for name in ("choices.scale", "compare")] == ["value", 40]
        expect(stage.locator("#hidden-charts")).to_be_visible(visible=not frame)
        assert "charts=ridges,loss" in stage.url or "charts=loss,ridges" in stage.url
    stage.goto(f"/?run={finished}&charts=loss")
    expect(stage.locator(".card .hide")).to_be_hidden()
    stage.get_by_role("button", name="Show all").click()
    eventually(lambda: cards(stage) == everything)


def test_settings_travel_in_a_link(page: Page) -> None:
    config = {"seed": 77, "network": {"kind": "mlp", "depth": 2, "width": 12}}
    page.goto(f"/?config={json.dumps(config)}")
    page.get_by_role("button", name="Choose the settings").click()
    expect(page.locator('[data-path="seed"] input')).to_have_value("77")
    expect(page.locator('[data-path="network.depth"] input')).to_have_value("2")


def test_korean_is_complete_and_stays(context: BrowserContext, finished: str) -> None:
    page = context.new_page()
    page.goto(f"/?run={finished}")
    ready(page)
    page.locator("#language").select_option("ko")
    expect(page.locator("#new-run")).to_have_text("새 실행")
    expect(page.locator('[data-view="shift"] h2')).to_have_text("분포 변화 지도")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("#new-run")).to_have_text("새 실행")


def test_what_the_program_says_is_korean_on_the_korean_page(page: Page, server: LiveServer, finished: str) -> None:
    stopped = server.start(config={**SHORT, "pace": 1})["id"]
    server.wait_for_step(stopped, 1)
    server.client.post(f"/api/runs/{stopped}/stop")
    page.goto(f"/?run={finished}&lang=ko")
    ready(page)
    eventually(lambda: "BN 없음" in page.locator('[data-view="ridges"] .infolayer').inner_html())
    page.click("#show-runs")
    row = page.locator("#runs li").filter(has_text="손글씨 숫자: BN 없음, BN 있음").first
    expect(row.locator(".spark")).to_have_attribute("aria-label", re.compile("BN 없음: 손실"))
    expect(page.locator("#runs li").filter(has_text=NAME)).to_have_count(1)


@pytest.fixture(params=[("light", 1600), ("dark", 1600), ("light", 390), ("dark", 390)], ids=lambda p: f"{p[0]}-{p[1]}")
def seen(request: pytest.FixtureRequest, browser: Browser, server: LiveServer) -> Iterator[Page]:
    theme, width = request.param
    context = browser.new_context(
        base_url=server.url, color_scheme=theme, viewport={"width": width, "height": 900}, locale="en-US",
        bypass_csp=True, reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(1000 * PATIENCE)
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    """Return what axe-core finds, each with its place."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for one in found for node in one["nodes"]
    ]


def test_axe_finds_nothing(seen: Page, finished: str) -> None:
    seen.goto("/")
    expect(seen.locator("#start")).to_be_visible()
    assert violations(seen) == []
    seen.click("#new-run")
    expect(seen.locator("#setup form")).to_be_visible()
    assert violations(seen) == []
    seen.keyboard.press("Escape")
    seen.click("#show-runs")
    expect(seen.locator("#runs li").first).to_be_visible()
    assert violations(seen) == []
    seen.goto(f"/?run={finished}")
    ready(seen)
    assert violations(seen) == []
    overflow = seen.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
