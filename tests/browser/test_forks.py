"""A person forks a run while it trains, and sees both ways side by side."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import asked, step_of, violations
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser

LONG: dict[str, Any] = {
    "duration": {"kind": "steps", "steps": 100_000},
    "pace": 40,
    "network": {"depth": 2, "width": 8},
}


@pytest.fixture
def held(page: Page, server: LiveServer) -> Page:
    """A paused run of some steps."""
    run = server.start(name="the first", config=LONG)["id"]
    server.wait_for_step(run, 5)
    server.client.post(f"/api/runs/{run}/pause").raise_for_status()
    page.goto(f"/?run={run}")
    expect(page.locator("#run-state")).to_have_text("paused")
    eventually(lambda: step_of(page) >= 5)
    return page


def test_fork_here_shows_both_ways_side_by_side(held: Page, server: LiveServer) -> None:
    origin = asked(held, "run") or ""
    summary = held.get_by_text("Change the network while it trains")
    expect(held.get_by_role("button", name="Fork here")).to_be_hidden()
    summary.focus()
    summary.press("Enter")
    held.get_by_label("Learning rate of the fork").fill("0.02")
    assert violations(held) == []
    held.get_by_role("button", name="Fork here").press("Enter")
    held.wait_for_url(re.compile("pair="))
    made = asked(held, "pair") or ""
    found = server.run(made)
    step = found["forked"]["step"]
    assert (found["forked"], found["learning_rate"]) == ({"run": origin, "step": step}, 0.02)
    assert step >= 5
    eventually(lambda: server.run(origin)["step"] == step)
    captions = held.locator("#pair figcaption")
    expect(captions.nth(0)).to_contain_text("the first")
    expect(captions.nth(1)).to_contain_text(f"the first, from step {step}")
    for i in range(2):
        expect(held.frame_locator("#pair iframe").nth(i).locator('[data-view="loss"]')).to_be_visible()

    # Alone it has its controls, and the way back to the pair.
    captions.nth(1).get_by_role("link").click()
    eventually(lambda: step_of(held) > step)
    held.click("#stop")
    expect(held.locator("#run-state")).to_have_text("stopped")
    held.get_by_role("link", name=f"Beside its origin (forked at step {step})").click()
    eventually(lambda: asked(held, "pair") == made)
    server.client.delete(f"/api/runs/{origin}").raise_for_status()
    held.goto(f"/?run={made}")
    expect(held.locator("#run-state")).to_have_text("stopped")
    expect(held.locator("#fork-origin")).to_be_hidden()
    expect(held.locator("#changes")).to_be_hidden()


def test_batch_normalization_is_faded_from_the_page(held: Page, server: LiveServer) -> None:
    run = asked(held, "run") or ""
    held.get_by_text("Change the network while it trains").click()
    only = held.get_by_role("group", name="with BN", exact=True)
    expect(held.locator("#norm-changes fieldset")).to_have_count(1)
    strength = only.get_by_label("BN strength")
    strength.press("Home")
    expect(strength).to_have_js_property("value", "0")
    only.get_by_label("Freeze γ and β").press("Space")
    only.get_by_label("Noise after BN (σ)").press("ArrowRight")
    done = {"freeze_below": None, "bn_strength": 0, "freeze_affine": True, "noise": 0.05}
    eventually(lambda: server.run(run)["interventions"] == {"with BN": done})
    marks = held.locator('#timeline [data-kind="intervention"]')
    expect(marks).to_have_count(3)
    held.reload()
    held.get_by_text("Change the network while it trains").click()
    expect(only.get_by_label("BN strength")).to_have_js_property("value", "0")
    expect(only.get_by_label("Freeze γ and β")).to_be_checked()
    assert violations(held) == []
