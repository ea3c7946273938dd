"""A recording of an earlier format, opened in today's page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.looking import page_of_its_own, settle
from tests.conftest import serve
from tests.test_compatibility import FORMAT_1, RUN

pytestmark = pytest.mark.browser


def test_a_recording_of_format_1_is_shown(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "runs"
    data.mkdir()
    shutil.copy(FORMAT_1 / "run.shiftscope", data / f"{RUN}.shiftscope")
    problems: list[str] = []
    with serve(data) as server, page_of_its_own(browser, base_url=server.url, locale="en-US") as page:
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"/?run={RUN}")
        settle(page)
        expect(page.locator("#run-name")).to_have_text("a run of format 1, renamed")
        expect(page.locator("#run-state")).to_have_text("finished")
        shown = page.eval_on_selector_all("#chart-grid .card", "(cards) => cards.map((card) => card.dataset.view)")
        assert {"ridges", "shift", "loss", "gradients", "moments", "affine", "density", "microscope"} <= set(shown)
        for view in shown:
            page.locator(f'[data-view="{view}"]').scroll_into_view_if_needed()
            settle(page)
            expect(page.locator(f'[data-view="{view}"] .main-svg').first).to_be_attached()
        # Two losses diverged, at a step that the timeline marks.
        expect(page.locator('#timeline .flag[data-kind="bad"]').nth(1)).to_be_attached()
        page.locator("#scrub").fill("2")
        expect(page.locator("#timeline .at")).to_have_text("step 2")
        settle(page)
        expect(page.locator("#summary-ridges")).to_contain_text("with BN")
    assert problems == []
