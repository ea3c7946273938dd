"""How weights and gradients are spread, and what clipping does, of a network of one's own whose layers have types."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import nn

from shiftscope.engine.schedules import every
from shiftscope.scope import watch
from tests.browser.looking import asked, picture, settle
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser

NAME = "a clipped network"
LIMIT = 0.05
STEPS = 12


@pytest.fixture(scope="module")
def clipped(server: LiveServer) -> str:
    torch.manual_seed(0)
    body = [nn.Conv2d(1, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten()]
    network = nn.Sequential(*body, nn.Linear(64 * 16, 3))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with watch({"mine": network}, to=server.url, name=NAME, probes="full", optimizer=optimizer, schedule=every(1)):
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(torch.randn(16, 1, 8, 8)), torch.randint(3, (16,)))
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), LIMIT)
            optimizer.step()
    (run,) = [one["id"] for one in server.client.get("/api/runs").json() if one["name"] == NAME]
    server.wait(run, "finished")
    return str(run)


def table(page: Page, view: str) -> list[list[Any]]:
    return page.evaluate("(view) => shiftscope.grid.charts.get(view).view.table(shiftscope.grid.scene())", view)


def test_weights_and_gradients_of_a_layer_are_chosen_by_its_type_and_sizes(page: Page, clipped: str) -> None:
    page.goto(f"/?run={clipped}&charts=parameters,clipping")
    settle(page)
    card = page.locator('[data-view="parameters"]')
    layer = card.locator("select.layer")
    texts = layer.locator("option").all_inner_texts()
    (convolution,) = [text for text in texts if text.endswith("Conv2d 64→64")]
    layer.select_option(convolution)
    settle(page)
    said = page.locator("#summary-parameters")
    expect(said).to_contain_text("weight: from")
    weights, seen = said.inner_text(), picture(page, "parameters")
    card.get_by_role("button", name="gradients", exact=True).click()
    eventually(lambda: asked(page, "of_parameters") == "gradient_histogram")
    settle(page)
    expect(said).not_to_have_text(weights)
    assert picture(page, "parameters") != seen
    rows = table(page, "parameters")[1:]
    assert {row[3] for row in rows} == {"gradient_histogram"}
    ends = {end: [row[6] for row in rows if row[4] == end] for end in ("minimum", "maximum")}
    assert ends["minimum"]
    assert all(low < high for low, high in zip(ends["minimum"], ends["maximum"], strict=True))


def test_clipping_shows_the_norm_as_it_was_and_as_it_was_used(page: Page, clipped: str) -> None:
    page.goto(f"/?run={clipped}&charts=clipping")
    settle(page)
    legend = page.locator('[data-view="clipping"] .legend')
    expect(legend).to_contain_text("before")
    found: dict[str, list[float]] = {}
    for _, _, quantity, _, value in table(page, "clipping")[1:]:
        found.setdefault(quantity, []).append(value)
    before, after = found["unclipped_gradient_norm"], found["total_gradient_norm"]
    assert before
    assert max(after) <= LIMIT * 1.001
    assert all(one > other for one, other in zip(before, after, strict=True))
