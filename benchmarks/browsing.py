"""What is measured in the page needs a server and a browser, and tells its result in one of two ways."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def server(folder: str) -> Iterator[str]:
    """Run a server on a free port with its recordings in a folder; yield its address."""
    environment = os.environ | {"SHIFTSCOPE_OPEN_BROWSER": "0", "SHIFTSCOPE_DATA": folder}
    command = [sys.executable, "-m", "shiftscope.cli", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        assert process.stdout is not None
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match
        yield match[0]
    finally:
        process.terminate()
        process.wait(20)


def executable() -> str:
    """Return the installed Chromium, or the one that SHIFTSCOPE_CHROMIUM names."""
    found = os.environ.get("SHIFTSCOPE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("this benchmark needs Chromium: install it, or say where it is in SHIFTSCOPE_CHROMIUM")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a Chromium with software rendering."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


def tell(result: Mapping[str, float], *, as_json: bool) -> None:
    """Print figures as one JSON object and nothing else, or as a table."""
    if as_json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:20} {value:>10g}")
