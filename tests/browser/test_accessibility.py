"""axe-core finds nothing, in both themes, in a wide and a narrow window."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SWEEP
from tests.browser.looking import overflow, settle, violations
from tests.conftest import LiveServer
from tests.waiting import PATIENCE

pytestmark = pytest.mark.browser


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


def test_nothing_is_found_on_the_way_of_a_run(seen: Page, finished: str) -> None:
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
    settle(seen)
    assert violations(seen) == []
    assert overflow(seen) <= 0
    seen.locator("#show-cost").click()
    expect(seen.locator("#cost .chart")).to_be_visible()
    assert violations(seen) == []
    seen.keyboard.press("Escape")
    seen.goto(f"/?run={finished}&present=target")
    expect(seen.locator(".card:visible")).to_have_count(1)
    settle(seen)
    assert violations(seen) == []
    assert overflow(seen) <= 0


def test_nothing_is_found_on_the_way_of_an_experiment(seen: Page, server: LiveServer, swept: str) -> None:
    for address, ready in (("/", ".claim"), (f"/?experiment={SWEEP}", "#start-trial"), (f"/?trial={swept}", ".parts")):
        seen.goto(address)
        expect(seen.locator(ready).first).to_be_visible()
        if "trial" in address:
            settle(seen)
            settle(seen, '[data-view="sweep"]')
        assert violations(seen) == [], address
        assert overflow(seen) <= 0, address
    seen.click("#guide-on")
    expect(seen.locator("#guide")).to_be_visible()
    assert violations(seen) == []

    started = {**server.client.get(f"/api/trials/{swept}").json(), "created": time.time()}
    seen.route(f"**/api/experiments/{SWEEP}", lambda route: route.fulfill(status=201, json=started))
    seen.goto(f"/?experiment={SWEEP}")
    bet = seen.locator("#experiment .bet")
    bet.locator('[data-bet="verdict"] input').first.check()
    bet.locator('[data-bet="curve"] input').last.fill("0.5")
    assert violations(seen) == []
    seen.click("#start-trial")
    expect(seen.locator("#verdict .bet svg .measured")).to_have_attribute("points", re.compile(r"\d"))
    assert violations(seen) == []
