"""The gallery of experiments as a learner goes through it: open one, run it, read its verdict, go back, send a link."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from shiftscope.experiments.catalogue import catalogue, find
from shiftscope.translations import read
from tests.browser.conftest import SWEEP
from tests.browser.looking import asked, page_of_its_own, settle, step_of
from tests.conftest import LiveServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser

SHORT = "redundant-bias"


def verdict_of(server: LiveServer, trial: str) -> Any:
    return server.client.get(f"/api/trials/{trial}").json()["verdict"]


def test_every_experiment_opens_from_the_gallery_and_by_its_link(page: Page) -> None:
    page.goto("/")
    cards = page.locator(".claim")
    expect(cards).to_have_count(len(catalogue()))
    for experiment in catalogue():
        page.locator(f'[data-experiment="{experiment.id}"]').click()
        opened = page.locator("#experiment")
        expect(opened.locator("h2").first).to_have_text(experiment.title)
        eventually(lambda wanted=experiment.id: asked(page, "experiment") == wanted)
        for text in (experiment.question, experiment.prediction, experiment.watch, experiment.rule):
            expect(opened).to_contain_text(text)
        expect(opened.locator("math")).to_have_count(len(experiment.formulae))
        expect(opened.locator("#start-trial")).to_be_enabled()
        page.go_back()
        expect(cards.first).to_be_visible()
    page.goto(f"/?experiment={SWEEP}")
    expect(page.locator("#experiment h2").first).to_have_text(find(SWEEP).experiment.title)


def test_a_link_to_an_experiment_shows_no_first_page_before_it(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/trials", hold)
    page.add_init_script(
        """const look = () => {
            window.welcomed ||= document.getElementById("welcome")?.checkVisibility();
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);"""
    )
    asking = page.expect_request("**/api/trials")
    with asking, page.expect_response("**/api/runs?*"), page.expect_response("**/api/experiments"):
        page.goto(f"/?experiment={SHORT}", wait_until="commit")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    held[0].continue_()
    expect(page.locator("#experiment h2").first).to_have_text(find(SHORT).experiment.title)
    assert not page.evaluate("window.welcomed")


def test_a_trial_runs_to_its_verdict(page: Page, server: LiveServer) -> None:
    experiment = find(SHORT).experiment
    page.goto(f"/?experiment={SHORT}")
    page.click("#start-trial")
    expect(page.locator("#trial-bar .title")).to_have_text(experiment.title)
    expect(page.locator(".chip")).to_have_count(len(experiment.plan(quick=bool(experiment.quick))))
    expect(page.locator("#guide")).to_contain_text(experiment.tour[0].text)
    expect(page.locator("#chart-grid .card").first).to_have_attribute("data-view", experiment.views[0])
    eventually(lambda: asked(page, "layer") == experiment.layer)
    page.click("#guide-next")
    expect(page.locator("#guide")).to_contain_text(experiment.tour[1].text)
    expect(page.locator(".toured")).to_have_attribute("data-view", experiment.tour[1].view)
    page.get_by_role("button", name="End the guided tour").click()
    expect(page.locator("#guide")).to_be_hidden()

    expect(page.locator("#verdict .parts")).to_be_visible()
    verdict = verdict_of(server, asked(page, "trial") or "")
    expect(page.locator("#verdict-title")).to_have_attribute("data-kind", verdict["kind"])
    for part in verdict["parts"]:
        expect(page.locator("#verdict .parts")).to_contain_text(part["says"]["text"])
        expect(page.locator("#verdict .parts")).to_contain_text(part["numbers"]["text"])
    expect(page.locator("#verdict > .scroll tbody tr")).to_have_count(len(verdict["table"]["rows"]))
    # Beside the verdict the two small charts fill the rows that they share.
    small = page.locator('[data-level="experiment"] [data-size="small"]')
    expect(small).to_have_count(2)
    one, other = (small.nth(i).bounding_box() for i in range(2))
    assert one
    assert other
    assert (one["y"], one["height"]) == (other["y"], other["height"])
    expect(page.locator("#verdict .rule").first).to_contain_text(experiment.rule)

    page.click("#home")
    expect(page.locator(f'[data-experiment="{SHORT}"] .badge')).to_be_visible()
    page.go_back()
    expect(page.locator("#verdict .parts")).to_be_visible()


def test_a_sweep_is_one_chart_and_one_table(page: Page, swept: str) -> None:
    page.goto(f"/?trial={swept}")
    sweep = page.locator('[data-view="sweep"]')
    expect(sweep.locator(".xy .js-line").first).to_be_attached()
    expect(sweep.locator(".x2y2 .js-line").first).to_be_attached()
    sweep.locator("select").select_option("test_loss")
    expect(page.locator("#summary-sweep")).to_contain_text("test loss")
    expect(page.locator('[data-view="surface"] .contour').first).to_be_attached()


def test_gradient_descent_is_tried_out_before_anything_is_trained(page: Page) -> None:
    page.goto(f"/?experiment={SWEEP}")
    surface = page.locator('#experiment [data-view="surface"]')
    expect(surface.locator(".contour").first).to_be_attached()
    # It is walking by itself; taken by hand it stays where it is put.
    step = surface.locator("input.step")
    step.fill("3")
    at = surface.locator(".at")
    expect(at).to_contain_text("raw: step 3 of")
    chart = surface.locator(".chart")
    settle(page, '#experiment [data-view="surface"]')
    before = chart.screenshot()
    step.fill("60")
    expect(at).to_contain_text("raw: step 60 of")
    expect(at).to_contain_text("standardized: step 1 of 1")
    settle(page, '#experiment [data-view="surface"]')
    assert chart.screenshot() != before
    # Beyond the limit descent runs away; another learning rate begins anew.
    surface.locator("input.rate").fill("105")
    expect(at).to_contain_text("it never arrives")
    surface.locator("input.rate").fill("90")
    expect(at).not_to_contain_text("it never arrives")
    expect(surface.locator("output")).to_have_text("90% of the limit")


def test_the_verdict_stands_beside_the_charts_and_leads_to_what_it_rests_on(page: Page, swept: str) -> None:
    page.goto(f"/?trial={swept}")
    settle(page)
    verdict = page.locator("#verdict")
    expect(verdict.locator(".asked")).to_have_text(find(SWEEP).experiment.question)
    expect(verdict.locator(".answer")).to_contain_text(re.compile("^(Yes|No|In part|It cannot)"))
    panel, first = (one.bounding_box() for one in (verdict, page.locator("#chart-grid .card").first))
    assert panel
    assert first
    assert panel["x"] >= first["x"] + first["width"]
    for part, view in ((0, "surface"), (2, "sweep")):
        verdict.locator(".parts li").nth(part).get_by_role("button", name="Show where this is seen").click()
        expect(page.locator(".toured")).to_have_attribute("data-view", view)


def test_a_bet_is_laid_beside_what_was_measured(page: Page, server: LiveServer, swept: str) -> None:
    """Bet, start, and see the measurement over the bet; the trial that is started is one that has been measured."""
    found = server.client.get(f"/api/trials/{swept}").json()
    started = {**found, "ended": False, "verdict": None, "created": time.time()}
    page.route(f"**/api/experiments/{SWEEP}", lambda route: route.fulfill(status=201, json=started))
    page.goto(f"/?experiment={SWEEP}")
    bet = page.locator("#experiment .bet")
    bet.locator('[data-bet="verdict"] input').first.check()
    plot = bet.locator('[data-bet="curve"] svg')
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.up()
    drawn = [round(float(y)) for y in re.findall(r",(\S+)", plot.locator(".mine").get_attribute("points") or "")]
    assert len(set(drawn[5:20])) == 1
    bet.locator('[data-bet="curve"] input').last.fill("0.5")
    page.click("#start-trial")
    result = page.locator("#verdict .bet")
    expect(result.locator("li")).to_contain_text("supported")
    # It is the trial's from now on, whenever its page is opened.
    page.reload()
    expect(result.locator("li")).to_contain_text("supported")
    expect(result.locator("svg .measured")).to_have_attribute("points", re.compile(r"\d"))
    expect(result.locator("svg .mine")).to_have_attribute("points", re.compile(r"^0\.0,.* 240\.0,55\.0$"))
    page.goto(f"/?experiment={SWEEP}")
    expect(bet.locator("input:checked")).to_have_count(0)
    bet.locator("summary").click()
    expect(bet.locator("fieldset").first).to_be_hidden()
    expect(page.locator("#start-trial")).to_be_visible()


def test_a_verdict_on_runs_that_were_changed_by_hand_says_so(page: Page, server: LiveServer, swept: str) -> None:
    found = server.client.get(f"/api/trials/{swept}").json()
    found["runs"][0]["run"]["interventions"] = {"with BN": {"noise": 1}}
    page.route(f"**/api/trials/{swept}", lambda route: route.fulfill(json=found))
    page.route("**/api/trials", lambda route: route.fulfill(json=[found]))
    page.goto(f"/?trial={swept}")
    expect(page.locator("#verdict")).to_contain_text("Changed by hand while it trained: ")


def test_a_run_changed_while_it_trains_ends_the_hope_of_a_verdict_at_once(page: Page, server: LiveServer) -> None:
    """Set back it stays so: it was trained otherwise than the claim says."""
    trial = server.client.post("/api/experiments/depth", json={}).json()
    runs = [one["run"]["id"] for one in trial["runs"]]
    # However slow the browser is, no run is over when it comes to it; its pace is no part of the claim.
    for run in runs:
        server.client.patch(f"/api/runs/{run}", json={"pace": 5}).raise_for_status()
    server.wait_for_step(runs[0], 1)
    page.goto(f"/?trial={trial['id']}")
    eventually(lambda: step_of(page) > 0)
    told, field = page.locator("#trial-bar .changed"), page.locator("#learning-rate")
    expect(told).to_be_hidden()
    usual = field.input_value()
    for rate in ("0.3", usual):
        field.fill(rate)
        field.press("Enter")
        eventually(lambda rate=rate: server.run(runs[0])["learning_rate"] == float(rate))
        expect(told).to_contain_text("there will be no verdict")
    expect(page.locator("#trial-outcome")).to_contain_text("there will be no verdict")
    for run in reversed(runs):
        server.client.post(f"/api/runs/{run}/stop").raise_for_status()
    expect(page.locator("#verdict-title")).to_have_text("No verdict")


def test_another_run_of_the_trial_can_be_looked_at_and_linked(page: Page, swept: str) -> None:
    page.goto(f"/?trial={swept}")
    chips = page.locator(".chip")
    expect(chips.nth(0)).to_have_attribute("aria-current", "true")
    chips.nth(1).click()
    expect(chips.nth(1)).to_have_attribute("aria-current", "true")
    eventually(lambda: asked(page, "run") == chips.nth(1).get_attribute("data-run"))
    page.reload()
    expect(chips.nth(1)).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(chips.nth(0)).to_have_attribute("aria-current", "true")


def test_the_one_thing_to_change_is_filled_in(page: Page, swept: str) -> None:
    page.goto(f"/?trial={swept}")
    page.click("#change-one")
    expect(page.locator('[data-path="dataset.scaling"] select')).to_have_value("binary")


def test_a_stopped_run_says_why_there_is_no_verdict(page: Page, server: LiveServer) -> None:
    trial = server.client.post("/api/experiments/mnist-xavier", json={}).json()
    run = trial["runs"][0]["run"]["id"]
    server.client.post(f"/api/runs/{run}/stop").raise_for_status()
    page.goto(f"/?trial={trial['id']}")
    expect(page.locator("#verdict-title")).to_have_text("No verdict")
    expect(page.locator("#verdict .why")).to_contain_text("did not finish (stopped)")


def test_embedded_a_trial_shows_its_verdict_without_controls(page: Page, swept: str) -> None:
    page.goto(f"/?trial={swept}&embed")
    expect(page.locator("#verdict .parts")).to_be_visible()
    for hidden in ("#bar", "#controls", "#trial-bar .acts", "#guide"):
        expect(page.locator(hidden)).to_be_hidden()


def test_in_korean(context: BrowserContext, server: LiveServer, swept: str) -> None:
    page = context.new_page()
    page.goto("/?lang=ko")
    experiment = find(SWEEP).experiment
    card = page.locator(f'[data-experiment="{SWEEP}"]')
    korean = read("ko")["messages"]
    expect(card).to_contain_text(korean[experiment.title])
    card.click()
    for text in (experiment.question, experiment.prediction, experiment.watch, experiment.rule):
        expect(page.locator("#experiment")).to_contain_text(korean[text])
    page.goto(f"/?trial={swept}&lang=ko")
    for part in verdict_of(server, swept)["parts"]:
        expect(page.locator("#verdict .parts")).to_contain_text(korean[part["says"]["message"]])
    expect(page.locator("#results-on")).to_have_text("결과")


def test_a_formula_from_outside_becomes_no_markup(browser: Browser, server: LiveServer) -> None:
    with page_of_its_own(browser, base_url=server.url, bypass_csp=True) as page:
        page.goto("/")
        made = page.evaluate(
            """async () => {
            const script = document.querySelector('script[type="module"]').src;
            const { formula } = await import(new URL("experiments/mathml.js", script).href);
            const text = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi onclick="x()">x</mi><mtext>' +
                '<img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="document.title=1"/></mtext></math>';
            const t = { message: (text) => text };
            return [formula(text, t).outerHTML, formula("no <b>math", t).textContent];
        }"""
        )
    assert made[0] == "<math><mi>x</mi><mtext></mtext></math>"
    assert made[1] == "no math"


def test_a_chart_of_a_whole_trial_fills_the_screen(page: Page, swept: str) -> None:
    page.goto(f"/?trial={swept}")
    card = page.locator('.card[data-view="sweep"]')
    settle(page, '.card[data-view="sweep"]')
    card.hover()
    button = card.get_by_role("button", name="Show alone on the full screen")
    button.click()
    page.wait_for_function("document.fullscreenElement?.dataset.view === 'sweep'")
    settle(page, '.card[data-view="sweep"]')
    chart = card.locator(".chart").bounding_box()
    assert chart is not None
    assert chart["width"] > 0.9 * page.evaluate("innerWidth")
    button.click()
    page.wait_for_function("document.fullscreenElement === null")
