"""axe-core finds nothing, in both themes, in a wide and a narrow window."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SWEEP
from tests.browser.looking import overflow, page_of_its_own, settle, violations
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

GRID = "#chart-grid"
TRIAL = (GRID, '[data-view="sweep"]')


@pytest.fixture(params=[1600, 390])
def seen(request: pytest.FixtureRequest, browser: Browser, server: LiveServer) -> Iterator[Page]:
    with page_of_its_own(
        browser, base_url=server.url, viewport={"width": request.param, "height": 900}, locale="en-US",
        bypass_csp=True, reduced_motion="reduce",
    ) as page:  # fmt: skip
        yield page


def found(page: Page, *drawn: str) -> list[str]:
    """Return what axe-core finds in either theme, once the charts in these places are drawn in it."""
    both: list[str] = []
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        for place in drawn:
            settle(page, place)
        both += violations(page)
    return both


def test_nothing_is_found_on_the_way_of_a_run(seen: Page, finished: str) -> None:
    seen.goto("/")
    expect(seen.locator("#start")).to_be_visible()
    assert found(seen) == []
    seen.click("#new-run")
    expect(seen.locator("#setup form")).to_be_visible()
    assert found(seen) == []
    seen.keyboard.press("Escape")
    seen.click("#show-runs")
    expect(seen.locator("#runs li").first).to_be_visible()
    assert found(seen) == []
    seen.goto(f"/?run={finished}")
    settle(seen)
    assert found(seen, GRID) == []
    assert overflow(seen) <= 0
    seen.locator("#show-cost").click()
    expect(seen.locator("#cost .chart")).to_be_visible()
    assert found(seen) == []
    seen.keyboard.press("Escape")
    seen.goto(f"/?run={finished}&present=target")
    expect(seen.locator(".card:visible")).to_have_count(1)
    settle(seen)
    assert found(seen, GRID) == []
    assert overflow(seen) <= 0


def test_nothing_is_found_on_the_way_of_an_experiment(seen: Page, server: LiveServer, swept: str) -> None:
    for address, ready in (("/", ".claim"), (f"/?experiment={SWEEP}", "#start-trial"), (f"/?trial={swept}", ".parts")):
        seen.goto(address)
        expect(seen.locator(ready).first).to_be_visible()
        assert found(seen, *(TRIAL if "trial" in address else ())) == [], address
        assert overflow(seen) <= 0, address
    seen.click("#guide-on")
    expect(seen.locator("#guide")).to_be_visible()
    assert found(seen, *TRIAL) == []

    started = {**server.client.get(f"/api/trials/{swept}").json(), "created": time.time()}
    seen.route(f"**/api/experiments/{SWEEP}", lambda route: route.fulfill(status=201, json=started))
    seen.goto(f"/?experiment={SWEEP}")
    bet = seen.locator("#experiment .bet")
    bet.locator('[data-bet="verdict"] input').first.check()
    bet.locator('[data-bet="curve"] input').last.fill("0.5")
    assert found(seen) == []
    seen.click("#start-trial")
    expect(seen.locator("#verdict .bet svg .measured")).to_have_attribute("points", re.compile(r"\d"))
    assert found(seen) == []


@pytest.mark.parametrize(("theme", "seen"), [("light", 390), ("dark", 1600)], indirect=["seen"])
def test_nothing_is_found_where_people_go_now_and_then(
    seen: Page, theme: Literal["light", "dark"], finished: str
) -> None:
    seen.emulate_media(color_scheme=theme)
    seen.goto("/?run=gone")
    expect(seen.locator("#waiting")).to_contain_text("no such run")
    assert violations(seen) == []
    seen.goto(f"/?run={finished}&embed&charts=loss")
    settle(seen)
    assert violations(seen) == []
    # Each frame is a page like the one above; it is the page around them that is tried here.
    seen.route("**/?run=*embed*", lambda route: route.fulfill(body="<title>a run</title><h1>a run</h1>"))
    seen.goto(f"/?run={finished}&pair=gone")
    expect(seen.locator("#pair iframe")).to_have_count(2)
    assert violations(seen) == []
    seen.goto(f"/?run={finished}&charts=target,ridges,microscope")
    settle(seen)
    seen.locator("#samples button").nth(3).press("Enter")
    expect(seen.locator("#samples [aria-pressed=true]")).to_have_count(1)
    opened = seen.locator('[data-view="target"]').get_by_role("button", name="What is this?")
    opened.press("Enter")
    expect(seen.locator("#help-target")).to_be_visible()
    settle(seen)
    assert violations(seen) == []
    assert overflow(seen) <= 0
