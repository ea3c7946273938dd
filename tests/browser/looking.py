"""What is seen of a page: whether it is at rest, what its address asks for, what a chart looks like."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, Frame, Locator, Page, expect

from tests.waiting import PATIENCE


@contextmanager
def page_of_its_own(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page in a browser profile of its own, and wait for what it does as long as for everything."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(1000 * PATIENCE)
        yield context.new_page()


def settle(page: Page | Frame, place: str = "#chart-grid") -> None:
    """Wait until all that the place shows is drawn, with the whole history, and nothing in it moves any more."""
    # What was just asked for is taken up with the next frame of the screen.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator(f"{place}[data-settled]")).to_be_attached()


def asked(page: Page, name: str) -> str | None:
    """Return what the page's address asks for: a layer, a step, the charts."""
    return page.evaluate("(name) => new URLSearchParams(location.search).get(name)", name)


def step_of(page: Page) -> int:
    """Return the step that the training has reached, as the page has it; -1 before there is one."""
    found = re.search(r"([\d,]+) (?:of|steps)", page.inner_text("#progress-step"))
    return int(found[1].replace(",", "")) if found else -1


def chart(page: Page, view: str) -> Locator:
    return page.locator(f'[data-view="{view}"] .chart')


def picture(page: Page, view: str) -> bytes:
    """Return what the chart looks like, as PNG."""
    return chart(page, view).screenshot()


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


def violations(page: Page) -> list[str]:
    """Return what axe-core finds, each with its place."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for one in found for node in one["nodes"]
    ]


def overflow(page: Page) -> int:
    """Return how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
