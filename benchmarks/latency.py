"""How long from the end of a step in the worker until the page shows it, and until the worker obeys.

    python benchmarks/latency.py [--json] [--seconds 20] [--pace 30]

The real thing end to end: a server, a worker that trains both networks, a Chromium that shows all charts. A frame's
header holds the time at which its measurement ended; the page says, by the event `shiftscope:shown`, when it had drawn
that frame, on the same machine's clock. At full speed more steps are measured than a screen can show: then the frames
that were shown count. Of commands, the time from the click's request to the worker's state change is measured: a stop
is answered when the worker has ended.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import urllib.request
from typing import Any

from playwright.sync_api import Page

from browsing import chromium, server, tell

LISTEN = """
window.shownFrames = [];
document.addEventListener("shiftscope:shown", (event) => {
  const { step, headerTime, shownAt } = event.detail;
  window.shownFrames.push([step, headerTime, shownAt]);
});
"""


def call(url: str, method: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make one request and return its JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def shown(page: Page, url: str, pace: float | None, seconds: float) -> tuple[list[float], dict[str, Any]]:
    """Let a run go for a while before the page's eyes; return the latencies in ms, and how the run stood."""
    config = {"duration": {"kind": "steps", "steps": 1_000_000}, "pace": pace}
    run = call(f"{url}/api/runs", "POST", {"config": config})["id"]
    page.goto(f"{url}/?run={run}")
    deadline = time.monotonic() + 60
    while not page.evaluate("window.shownFrames.length"):
        assert time.monotonic() < deadline, "the page shows no frame"
        time.sleep(0.1)
    time.sleep(3)  # the page settles: code is compiled, axes are drawn
    page.evaluate("window.shownFrames.length = 0")
    time.sleep(seconds)
    frames = page.evaluate("window.shownFrames")
    state = call(f"{url}/api/runs/{run}", "GET")
    began = time.monotonic()
    call(f"{url}/api/runs/{run}/stop", "POST")
    state["stop_ms"] = (time.monotonic() - began) * 1000
    newest: dict[int, tuple[float, float]] = {}
    for step, measured, drawn in frames:
        newest.setdefault(step, (measured, drawn))
    return [(drawn - measured) * 1000 for measured, drawn in newest.values()], state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=20, help="how long to measure at each pace")
    parser.add_argument("--pace", type=float, default=None, help="steps per second; full speed when left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(folder) as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.add_init_script(LISTEN)
        latencies, run = shown(page, url, options.pace, options.seconds)
    ranks = statistics.quantiles(latencies, n=100)
    result = {
        "p50_ms": round(ranks[49], 1),
        "p95_ms": round(ranks[94], 1),
        "p99_ms": round(ranks[98], 1),
        "frames_shown_per_s": round(len(latencies) / options.seconds, 1),
        "steps_per_s": round(run["step"] / run["elapsed"], 1),
        "stop_ms": round(run["stop_ms"], 1),
    }
    tell(result, as_json=options.json)


if __name__ == "__main__":
    main()
