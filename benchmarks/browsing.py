"""What is measured in the page needs a server and a browser, and tells its result in one of two ways."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from serving import serving

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
    with serving(folder) as served:
        yield served.url


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
