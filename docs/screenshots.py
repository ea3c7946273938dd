"""Takes pictures of the page, from real runs in a real browser.

python docs/screenshots.py                 the two that the README shows
python docs/screenshots.py --all FOLDER    every state of the page: each language and theme, the main ones narrow too
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import httpx
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
STEPS = 600
PATIENCE = 300.0
EXPERIMENT = "input-scaling"
WIDE: ViewportSize = {"width": 1600, "height": 1000}
NARROW: ViewportSize = {"width": 390, "height": 844}
SETTLE = 2500
"""Milliseconds until charts have been laid out and animations are over."""
STILL, MOST = 700, 12.0
"""Milliseconds between two looks at a page that may still be loading, and seconds after which it is taken as it is."""


class Site(NamedTuple):
    """A server, and what is on it to be looked at."""

    url: str
    runs: dict[str, str]
    trial: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="take every state of the page, into this folder")
    everything: Path | None = parser.parse_args().all
    chromium = os.environ.get("SHIFTSCOPE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as data:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if everything is None:
            with serve(Path(data)) as url:
                take_for_readme(browser.new_page(viewport=WIDE, locale="en", color_scheme="light"), url)
        else:
            everything.mkdir(parents=True, exist_ok=True)
            take_all(browser, Path(data), everything)
        browser.close()


@contextmanager
def serve(data: Path, *flags: str) -> Iterator[str]:
    """Run a server with its recordings in `data`; yields its URL."""
    environment = os.environ | {"SHIFTSCOPE_OPEN_BROWSER": "0", "SHIFTSCOPE_DATA": str(data), "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "shiftscope.cli", "serve", "--port", "0", *flags]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        assert server.stdout is not None
        match = re.search(r"http://\S+", server.stdout.readline())
        assert match
        yield match[0]
    finally:
        server.terminate()
        server.wait(20)


def take_for_readme(page: Page, url: str) -> None:
    """Take the first page and a run in full swing."""
    FOLDER.mkdir(exist_ok=True)
    page.goto(url)
    page.screenshot(path=FOLDER / "welcome.png")
    page.get_by_role("button", name="Start").first.click()
    done = re.compile(r"([\d,]+) of [\d,]+ steps")
    until(lambda: (found := done.search(page.inner_text("body"))) and _number(found[1]) >= STEPS)
    page.screenshot(path=FOLDER / "charts.png")


def until(look: Callable[[], object]) -> None:
    """Wait until `look` returns what is true. Raises AssertionError when it takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, "what is waited for does not come"
        time.sleep(0.1)


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def prepare(url: str) -> Site:
    """Start what is to be seen, and wait for what must have ended."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:

        def start(**config: object) -> str:
            return str(client.post("/api/runs", json={"config": config}).raise_for_status().json()["id"])

        def ended(run: str) -> bool:
            return client.get(f"/api/runs/{run}").json()["state"] in {"finished", "failed"}

        short: dict[str, object] = {"duration": {"kind": "steps", "steps": 300}, "probes": "full"}
        runs = {
            "failed": start(dataset={"kind": "mnist"}),
            "diverged": start(
                optimizer={"kind": "sgd", "learning_rate": 1000.0}, duration={"kind": "steps", "steps": 40}
            ),
            "finished": start(**short),
            "other": start(**short, optimizer={"kind": "adam"}),
        }
        trial = client.post(f"/api/experiments/{EXPERIMENT}", json={"quick": True}).json()["id"]
        until(lambda: all(ended(run) for run in runs.values()))
        until(lambda: client.get(f"/api/trials/{trial}").json()["ended"])
        runs["moving"] = start(duration={"kind": "steps", "steps": 100_000}, pace=5, probes="full")
        until(lambda: client.get(f"/api/runs/{runs['moving']}").json()["step"] > 40)
    return Site(url, runs, trial)


STATES: dict[str, tuple[str, list[str]]] = {
    "welcome": ("", []),
    "gallery": ("", ["#gallery"]),
    "experiment": (f"experiment={EXPERIMENT}", []),
    "form": ("", ["click #new-run"]),
    "list": ("", ["click #show-runs"]),
    "running": ("run={moving}", []),
    "finished": ("run={finished}", []),
    "layer": ("run={finished}&layer=hidden+2", ["#chart-grid [data-view=microscope]"]),
    "scrubbed": ("run={finished}&step=120&compare=20&scale=value", []),
    "charts": ("run={finished}&charts=ridges,loss,gradients", []),
    "guide": ("trial={trial}", ["click #guide-on"]),
    "verdict": ("trial={trial}", []),
    "failure": ("run={failed}", []),
    "diverged": ("run={diverged}", []),
    "pair": ("run={finished}&pair={other}", []),
    "embed": ("run={finished}&embed", []),
}
"""Of each state its link, and what is clicked or brought to the top of the screen there."""
NARROW_STATES = {"welcome", "form", "list", "running", "finished", "layer", "verdict", "failure"}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = [(language, theme) for language in ("en", "ko") for theme in THEMES]


def take_all(browser: Browser, data: Path, folder: Path) -> None:
    """Take every state in every look; the last ones on a server of their own, which is empty and then gone."""
    with serve(data / "runs", "--datasets", str(data / "none"), "--mirrors", "http://127.0.0.1:1") as url:
        site = prepare(url)
        for language, theme in LOOKS:
            for width, viewport in (("wide", WIDE), ("narrow", NARROW)):
                page = browser.new_page(viewport=viewport, locale=language, color_scheme=theme)
                for name in STATES if width == "wide" else STATES.keys() & NARROW_STATES:
                    show(page, site, *STATES[name])
                    page.screenshot(path=folder / f"{name}-{language}-{theme}-{width}.png")
                page.close()
    take_alone(browser, data / "empty", folder)


def show(page: Page, site: Site, link: str, acts: list[str]) -> None:
    page.goto(f"{site.url}/?{link.format(trial=site.trial, **site.runs)}")
    page.wait_for_timeout(SETTLE)
    for act in acts:
        if act.startswith("click "):
            page.click(act.removeprefix("click "))
        else:
            page.locator(act).first.evaluate("(element) => element.scrollIntoView()")
        page.wait_for_timeout(SETTLE / 2)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the page looks the same twice: on a busy machine a run comes in over many seconds."""
    deadline = time.monotonic() + MOST
    before = b""
    while (now := page.screenshot()) != before and time.monotonic() < deadline:
        before = now
        page.wait_for_timeout(STILL)


def take_alone(browser: Browser, data: Path, folder: Path) -> None:
    """Take the list of a server without runs, and a run whose server goes away."""
    pages: dict[str, Page] = {}
    with serve(data) as url:
        for language, theme in LOOKS:
            page = pages[f"{language}-{theme}"] = browser.new_page(viewport=WIDE, locale=language, color_scheme=theme)
            page.goto(url)
            page.click("#show-runs")
            page.wait_for_timeout(SETTLE / 2)
            page.screenshot(path=folder / f"empty-{language}-{theme}-wide.png")
        run = httpx.post(f"{url}/api/runs", json={}, trust_env=False).json()["id"]
        until(lambda: httpx.get(f"{url}/api/runs/{run}", trust_env=False).json()["step"] > 60)
        for page in pages.values():
            page.goto(f"{url}/?run={run}")
            page.wait_for_timeout(SETTLE)
    for look, page in pages.items():
        page.wait_for_timeout(SETTLE)
        page.screenshot(path=folder / f"lost-{look}-wide.png")
        page.close()


if __name__ == "__main__":
    main()
