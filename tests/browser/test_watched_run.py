"""A run of somebody's own script, as the page shows it: without a fixed batch, in micro-batches, with a failure."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import Browser, Page, expect
from torch import Tensor, nn

from shiftscope.engine.schedules import every
from shiftscope.probe import Probe, Quantity
from shiftscope.scope import watch
from tests.browser.looking import asked, chart, overflow, page_of_its_own, settle, violations
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser

NAME = "a script of one's own"
STEPS = 40
DRIFT = "Wasserstein / σ of training batches since step 0"


def fails(values: Tensor) -> Tensor:
    raise ValueError("no such luck")


FRAGILE = Probe("fragile", "fails", (Quantity("fragile", "1", "x"),), observe=fails, observed=("pre_activation",))


def train(url: str) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    probes, own = ["standard", FRAGILE], {"batch_drift": every(1)}
    with watch(
        {"mine": network}, to=url, name=NAME, probes=probes, optimizer=optimizer, schedule=every(1), schedules=own
    ):
        for _ in range(STEPS):
            optimizer.zero_grad()
            for _ in range(4):
                inputs, targets = torch.randn(9, 8), torch.randint(3, (9,))
                nn.functional.cross_entropy(network(inputs), targets).backward()
            optimizer.step()


@pytest.fixture(scope="module")
def watched(server: LiveServer) -> str:
    with pytest.warns(RuntimeWarning, match="fragile"):
        train(server.url)
    (run,) = [one["id"] for one in server.client.get("/api/runs").json() if one["name"] == NAME]
    server.wait(run, "finished")
    return str(run)


@pytest.fixture
def opened(page: Page, watched: str) -> Page:
    page.goto(f"/?run={watched}")
    settle(page)
    return page


def test_its_drift_is_that_on_training_batches_under_that_name_everywhere(opened: Page) -> None:
    shown = opened.eval_on_selector_all("[data-view]", "(cards) => cards.map((card) => card.dataset.view)")
    # Without a fixed batch, a loss or an evaluation there is nothing that these could show.
    assert {"ridges", "batch_drift", "gradients"} <= set(shown)
    assert not {"shift", "sampling"} & set(shown)
    card = opened.locator('[data-view="batch_drift"]')
    card.scroll_into_view_if_needed()
    settle(opened)
    expect(card.locator("h2")).to_have_text("Drift on training batches")
    expect(card.locator(".legend")).to_contain_text("noise floor")
    expect(card.locator("select option:checked").first).to_have_text("Wasserstein / σ")
    expect(opened.locator("#summary-batch_drift")).to_contain_text("mine · noise floor: 1/√m, in σ 0.167")
    expect(opened.locator("#summary-ridges")).to_contain_text(DRIFT)
    box = chart(opened, "batch_drift").bounding_box()
    assert box
    for share in (0.2, 0.21, 0.35, 0.36, 0.5, 0.51, 0.65, 0.66):
        chart(opened, "batch_drift").hover(position={"x": share * box["width"], "y": 0.4 * box["height"]})
        settle(opened)
        if "step" in (card.locator(".hoverlayer").text_content() or ""):
            break
    expect(card.locator(".hoverlayer")).to_contain_text("step")
    card.hover()
    with opened.expect_download() as download:
        card.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert sum("batch_wasserstein_over_sigma_from_start" in line for line in lines) == 2 * STEPS
    assert sum("batch_noise_floor" in line for line in lines) == STEPS


def test_the_page_says_of_what_a_step_was_made_and_what_failed(opened: Page) -> None:
    expect(opened.locator("#run-summary")).to_contain_text("distributions of 4 micro-batches a step")
    told = opened.locator("#notices .notice")
    expect(told).to_have_count(1)
    expect(told).to_contain_text(re.compile(r"step \d+: the probe 'fragile' failed .* training goes? on"))
    told.get_by_role("button").click()
    expect(opened.locator("#live")).to_have_attribute("aria-pressed", "false")
    assert asked(opened, "step") is not None


def test_another_measure_can_be_chosen_and_stands_in_the_link(opened: Page) -> None:
    card = opened.locator('[data-view="batch_drift"]')
    for choice in ("mean shift / σ", "the last frame"):
        card.get_by_role("combobox").filter(has_text=choice).select_option(choice)
    expect(opened.locator("#summary-ridges")).to_contain_text("mean shift / σ of training batches since the last frame")
    eventually(lambda: asked(opened, "batch_drift") == "batch_mean_shift_from_previous")


@pytest.mark.parametrize(("theme", "width"), [("light", 1600), ("dark", 390)])
def test_it_is_whole_in_korean_in_both_themes_wide_and_narrow(
    browser: Browser, server: LiveServer, watched: str, theme: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    with page_of_its_own(browser, base_url=server.url, viewport=size, bypass_csp=True) as page:
        page.goto(f"/?run={watched}&lang=ko&theme={theme}")
        settle(page)
        expect(page.locator('[data-view="batch_drift"] h2')).to_have_text("학습 배치에서 잰 변화량")
        expect(page.locator('[data-view="batch_drift"] .legend')).to_contain_text("잡음 기준선")
        expect(page.locator("#run-summary")).to_contain_text("마이크로배치 4개")
        expect(page.locator("#notices")).to_contain_text("'fragile' 항목을 측정하다가 오류가 나서")
        assert violations(page) == []
        assert overflow(page) <= 0


def test_a_script_without_a_loss_is_shown_the_line_to_add(opened: Page) -> None:
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card = opened.locator('[data-view="loss"]')
    expect(card.locator("code")).to_have_text("scope.log(loss=loss)")
    # The button has its word back soon: what it says meanwhile is written down.
    card.get_by_role("button", name="Copy").evaluate(
        """(button) => {
            const note = () => button.dataset.said = `${button.dataset.said ?? ""} ${button.textContent}`;
            new MutationObserver(note).observe(button, { childList: true, characterData: true, subtree: true });
        }"""
    )
    card.get_by_role("button", name="Copy").click()
    expect(card.locator("[data-said]")).to_have_attribute("data-said", re.compile("Copied"))
    assert opened.evaluate("navigator.clipboard.readText()") == "scope.log(loss=loss)"
