"""Takes the pictures of the page that the documents show, from a real run in a real browser.

python docs/screenshots.py
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
STEPS = 600


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    chromium = os.environ.get("SHIFTSCOPE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        environment = os.environ | {"SHIFTSCOPE_OPEN_BROWSER": "0", "SHIFTSCOPE_DATA": data}
        command = [sys.executable, "-m", "shiftscope.cli", "serve", "--port", "0"]
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            assert server.stdout is not None
            match = re.search(r"http://\S+", server.stdout.readline())
            assert match
            page = browser.new_page(viewport={"width": 1600, "height": 1000}, locale="en", color_scheme="light")
            _stage(page, match[0])
        finally:
            browser.close()
            server.terminate()
            server.wait(20)


def _stage(page: Page, url: str) -> None:
    page.goto(url)
    page.screenshot(path=FOLDER / "welcome.png")
    page.get_by_role("button", name="Start").first.click()
    deadline = time.monotonic() + 60
    while not (found := re.search(r"step ([\d,]+) of", page.inner_text("body"))) or _number(found[1]) < STEPS:
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.05)
    page.screenshot(path=FOLDER / "stage.png")


def _number(text: str) -> int:
    return int(text.replace(",", ""))


if __name__ == "__main__":
    main()
