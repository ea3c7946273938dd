"""A person starts a run, watches it move, holds it, reloads, comes back, stops it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.looking import asked, page_of_its_own, step_of
from tests.conftest import LiveServer, serve
from tests.waiting import eventually

pytestmark = pytest.mark.browser

LONG: dict[str, Any] = {"duration": {"kind": "steps", "steps": 100_000}, "pace": 40}
HELD_AT = 12
PICTURES = """(view) => {
  // What a chart shows: the paths that Plotly drew and the pixels of the canvases over them.
  const card = document.querySelector(`[data-view="${view}"]`);
  const paths = [...card.querySelectorAll("svg path")].map((path) => path.getAttribute("d")).join("|");
  const pixels = [...card.querySelectorAll("canvas")].map((canvas) => canvas.width && canvas.toDataURL()).join("|");
  return paths + pixels;
}"""


def run_of(page: Page) -> str:
    """Return the id of the run that the page shows; its address names it."""
    return eventually(lambda: asked(page, "run")) or ""


@pytest.fixture
def watched(page: Page, server: LiveServer) -> Page:
    run = server.start(config=LONG)["id"]
    page.goto(f"/?run={run}")
    eventually(lambda: step_of(page) > 10)
    return page


@pytest.fixture
def held(page: Page, server: LiveServer) -> Page:
    """A paused run: its first step was done at once, each other one was granted."""
    run = server.start(config={**LONG, "pace": 0.1})["id"]
    server.wait_for_step(run, 1)
    server.client.post(f"/api/runs/{run}/pause").raise_for_status()
    for _ in range(HELD_AT - 1):
        server.client.post(f"/api/runs/{run}/step").raise_for_status()
    server.wait_for_step(run, HELD_AT)
    page.goto(f"/?run={run}")
    expect(page.locator("#run-state")).to_have_text("paused")
    eventually(lambda: step_of(page) == HELD_AT)
    return page


def test_start_shows_two_networks_that_move(page: Page, server: LiveServer) -> None:
    page.goto("/")
    page.get_by_role("button", name="Start").first.click()
    eventually(lambda: step_of(page) > 5)
    # It is not to end before all charts have been seen to move.
    server.client.patch(f"/api/runs/{run_of(page)}", json={"pace": 5}).raise_for_status()
    views = {"ridges", "shift", "loss", "gradients", "moments", "affine", "density"}
    shown = page.eval_on_selector_all("[data-view]", "(cards) => cards.map((card) => card.dataset.view)")
    assert views <= set(shown)
    for view in shown:
        card = page.locator(f'[data-view="{view}"]')
        card.scroll_into_view_if_needed()
        before = page.evaluate(PICTURES, view)
        eventually(lambda view=view, before=before: page.evaluate(PICTURES, view) != before)
    for network in ("without BN", "with BN"):
        expect(page.locator('[data-view="ridges"]').get_by_text(network, exact=True).first).to_be_visible()
    page.click("#stop")
    expect(page.locator("#run-state")).to_have_text("stopped")


def test_pause_and_resume(watched: Page) -> None:
    watched.click("#pause")
    expect(watched.locator("#run-state")).to_have_text("paused")
    before = step_of(watched)
    watched.click("#resume")
    expect(watched.locator("#run-state")).to_have_text("running")
    eventually(lambda: step_of(watched) > before + 5)
    watched.click("#stop")
    expect(watched.locator("#run-state")).to_have_text("stopped")


def test_a_run_that_stands_says_where_its_frames_end(page: Page, server: LiveServer) -> None:
    seldom = {"kind": "every", "every": 1000}
    run = server.start(config={**LONG, "pace": 0.1, "recording": seldom})["id"]
    server.wait_for_step(run, 1)
    page.goto(f"/?run={run}")
    at = page.locator("#timeline .at")
    expect(at).to_have_text("step 0")
    page.click("#pause")
    expect(at).to_have_text("step 0")  # one step was made, and its frame is shown
    for _ in range(HELD_AT - 1):
        server.client.post(f"/api/runs/{run}/step").raise_for_status()
    eventually(lambda: step_of(page) == HELD_AT)
    expect(at).to_have_text("newest frame: step 0")
    page.set_viewport_size({"width": 390, "height": 844})
    assert at.evaluate("(text) => text.scrollWidth - text.clientWidth") <= 0  # there it takes two lines
    page.click("#resume")
    expect(at).to_have_text("step 0")
    page.click("#stop")
    expect(page.locator("#run-state")).to_have_text("stopped")
    expect(at).to_have_text("newest frame: step 0")


def test_a_single_step_is_one(held: Page, server: LiveServer) -> None:
    held.click("#step")
    eventually(lambda: step_of(held) == HELD_AT + 1)
    held.click("#stop")
    expect(held.locator("#run-state")).to_have_text("stopped")
    run = server.run(run_of(held))
    assert run["reason"]["text"].startswith(f"stopped after {HELD_AT + 1} of")
    assert run["step"] == HELD_AT + 1


def test_pace_changes_at_once(watched: Page, server: LiveServer) -> None:
    run = run_of(watched)
    slider = watched.locator("#pace")
    slider.focus()
    slider.press("End")
    eventually(lambda: server.run(run)["pace"] is None)
    before = step_of(watched)
    eventually(lambda: step_of(watched) > before + 300)
    slider.press("Home")
    eventually(lambda: server.run(run)["pace"] == 1)


def test_a_reload_and_a_second_tab_show_the_whole_history(held: Page, context: BrowserContext) -> None:
    held.reload()
    second = context.new_page()
    second.goto(held.url)
    for page in (held, second):
        eventually(lambda page=page: step_of(page) == HELD_AT)
        # The first step is there, not only what came since: the scrubber goes back to it.
        page.locator("#scrub").press("Home")
        expect(page.locator("#timeline .at")).to_have_text("step 0")
        page.locator("body").press("ArrowRight")
        expect(page.locator("#timeline .at")).to_have_text("step 1")
    second.locator("#live").click()
    held.locator("#pace").press("End")
    held.click("#resume")
    eventually(lambda: step_of(second) > HELD_AT + 5)
    held.click("#stop")
    expect(second.locator("#run-state")).to_have_text("stopped")


def test_a_lost_connection_is_told_and_made_good(watched: Page, context: BrowserContext) -> None:
    before = step_of(watched)
    context.set_offline(True)
    watched.evaluate("dispatchEvent(new Event('offline'))")
    context.set_offline(False)
    eventually(lambda: step_of(watched) > before + 20)


def test_a_refusal_stands_beside_its_field(page: Page) -> None:
    page.goto("/")
    page.click("#new-run")
    row = page.locator('[data-path="batch_size"]')
    row.locator("input").fill("1")
    page.locator("#setup button[type=submit]").click()
    expect(page.locator("#setup")).to_contain_text("at least 2")
    depth = page.locator('[data-path$="depth"]').first
    depth.locator("input").fill("0")
    page.locator("#setup button[type=submit]").click()
    assert page.locator("#setup").is_visible()
    assert (
        not depth.locator("input").evaluate("(input) => input.checkValidity()") or depth.locator(".error").is_visible()
    )


def test_a_diverging_run_says_at_which_step(page: Page, server: LiveServer) -> None:
    config = {"optimizer": {"kind": "sgd", "learning_rate": 1000}, "duration": {"kind": "steps", "steps": 40}}
    run = server.start(config=config)["id"]
    page.goto(f"/?run={run}")
    expect(page.locator("#run-state")).to_have_text("finished")
    expect(page.locator("body")).to_contain_text(re.compile(r"diverged at step \d"))
    page.locator('[data-view="loss"]').scroll_into_view_if_needed()
    expect(page.locator('[data-view="loss"] .badge')).to_contain_text("not finite")


@pytest.mark.parametrize("script", ["plotly.min.js", "charts/painting/shapes-worker.js"])
def test_a_script_that_does_not_come_is_told(page: Page, script: str) -> None:
    page.route(f"**/{script}", lambda route: route.abort())
    page.goto("/")
    page.get_by_text(f"{script} could not be loaded: reload the page").wait_for()


def test_a_failed_run_says_why(browser: Browser, tmp_path: Path) -> None:
    flags = ("--datasets", str(tmp_path / "datasets"), "--mirrors", "http://127.0.0.1:1")
    with (
        serve(tmp_path / "runs", *flags, NO_PROXY="127.0.0.1") as server,
        page_of_its_own(browser, base_url=server.url) as page,
    ):
        page.goto(f"/?run={server.start(config={'dataset': {'kind': 'mnist'}})['id']}")
        expect(page.locator("#run-state")).to_have_text("failed")
        expect(page.locator("main")).to_contain_text("127.0.0.1:1")
