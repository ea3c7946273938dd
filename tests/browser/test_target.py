"""A person freezes the layers below one, and sees that its inputs stand still to the last digit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import step_of, violations
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser

CONFIG: dict[str, Any] = {
    "duration": {"kind": "steps", "steps": 100_000},
    "pace": 60,
    "network": {"depth": 3, "width": 8},
    "recording": {"kind": "every", "every": 1, "studies": 100_000},
}


def _step_of(sentence: str) -> str:
    found = re.search(r"step [\d,]+:", sentence)
    return found[0] if found else ""


def test_a_click_stops_the_target_and_another_lets_it_go(page: Page, server: LiveServer) -> None:
    run = server.start(config=CONFIG)["id"]
    server.wait_for_step(run, 5)
    page.goto(f"/?run={run}&layer=hidden+3&charts=target")
    card = page.locator('[data-view="target"]')
    plain = card.locator(".texts span")
    expect(plain.first).to_contain_text("centroid")
    eventually(lambda: step_of(page) > 10)
    below = card.locator('[data-name="freeze-0"]')
    below.get_by_role("button", name="frozen").press("Enter")
    expect(plain.nth(2)).to_have_text("frozen below hidden 3")
    assert server.run(run)["interventions"]["without BN"]["freeze_below"] == "hidden 3"  # whose answer is seen
    assert "with BN" not in server.run(run)["interventions"]
    expect(below.get_by_role("button", name="frozen")).to_have_attribute("aria-pressed", "true")

    # Until the worker obeys, and the page has that, some steps are done; from then on nothing moves any more.
    step = step_of(page)
    rows = "() => shiftscope.grid.charts.get('target').view.table(shiftscope.grid.scene())"

    def lately(network: str) -> set[tuple[float, ...]]:
        return {tuple(row[3:]) for row in [row for row in page.evaluate(rows)[1:] if row[0] == network][-10:]}

    eventually(lambda: step_of(page) > step + 20 and len(lately("without BN")) == 1)
    assert len(lately("with BN")) > 5

    below.get_by_role("button", name="learn").click()
    expect(plain.nth(2)).to_have_text("")
    # What was done is seen again where it was done; the switches go on to say what is so now, and act on that.
    page.goto(f"/?run={run}&step={step + 10}")
    expect(plain.nth(2)).to_have_text("frozen below hidden 3")
    expect(card).to_contain_text("the switches act on the training as it is now")
    expect(below.get_by_role("button", name="learn")).to_have_attribute("aria-pressed", "true")
    below.get_by_role("button", name="frozen").click()
    expect(below.get_by_role("button", name="frozen")).to_have_attribute("aria-pressed", "true")
    assert server.run(run)["interventions"]["without BN"]["freeze_below"] == "hidden 3"
    assert page.evaluate("shiftscope.grid.scene().selection.step") == step + 10
    # One click has one step: that from which the worker did it, in the list and in what the worker says.
    applied = "() => shiftscope.grid.scene().events.flatMap(({kind, value}) => kind === 'applied' ? [value] : [])"

    def told() -> list[str]:
        return [text for text in page.locator("#happened li").all_text_contents() if "without BN: " in text]

    def done() -> list[int]:
        return [one["step"] for one in page.evaluate(applied) if one["networks"]]

    eventually(
        lambda: len(done()) == 3 and [f"step {step:,}:" for step in done()] == [_step_of(text) for text in told()]
    )
    server.client.post(f"/api/runs/{run}/stop").raise_for_status()
    expect(page.locator("#run-state")).to_have_text("stopped")
    assert violations(page) == []

    # Two single inputs of the layer are the axes instead: each network's own, named at its panel.
    card.get_by_label("axes").select_option(index=1)
    expect(card.locator(".g-xtitle")).to_contain_text("in its σ of step 0")
    names, *found = page.evaluate(rows)
    assert names[3:] == [f"input_{name}_{i}" for name in ("units", "unit_mean", "unit_std") for i in (1, 2)]
    assert [round(value, 4) for value in found[0][5:]] == [0, 0, 1, 1]
    page.reload()
    expect(card.locator(".g-xtitle")).to_contain_text("in its σ of step 0")
