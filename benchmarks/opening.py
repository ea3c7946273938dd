"""What it takes to open a finished run and to scrub through it: 2,000 frames of 8 layers in 2 networks.

    python benchmarks/opening.py [--json] [--rounds 7] [--seconds 5]

The real thing end to end: a recording in a folder, a server, a Chromium with software rendering. first_paint_ms: from
the navigation to the browser's first contentful paint. cold_ms and open_ms: from the navigation until every chart that
is seen shows the last frame, with nothing in the browser's cache, and with all of it there. loaded_ms: until all frames
are in the page. scrub_fps: from then on, animation frames a second while each of them shows another step of the run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from browsing import chromium, server, tell
from shiftscope.frames import RunHeader, split
from shiftscope.recorder import Recorder
from shiftscope.recording import Event, RunInfo
from synthetic import SyntheticRun

DEPTH, FRAMES, STREAMS = 8, 2000, 4
RUN = "20260101-000000-000000"
LISTEN = f"""
document.addEventListener("shiftscope:shown", (event) => {{
  if (event.detail.step === {FRAMES - 1}) window.opened ??= performance.now();
}});
"""
SCRUB = """([seconds, frames]) => new Promise((resolve) => {
  const until = performance.now() + 1000 * seconds;
  let drawn = 0;
  const next = (now) => {
    if (now > until) return resolve(drawn / seconds);
    drawn++;
    shiftscope.store.dispatch({ type: "look", look: { step: (drawn * 7) % frames } });
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""


def record(folder: Path) -> None:
    """Write the recording of a run that has finished."""
    run = SyntheticRun(DEPTH, FRAMES)
    now = time.time()
    about = RunInfo(id=RUN, name="synthetic", source="script", created=now)
    recorder = Recorder.create(folder / f"{RUN}.shiftscope", about)
    recorder.begin(RunHeader.model_validate(run.header()))
    sizes = {layout.stream: layout.frame_bytes for layout in run.layouts}
    seq = 0
    for step in range(FRAMES):
        message, seq = run.message(step, seq + 1, now)
        recorder.append(split(message, sizes))
    recorder.log(Event(time=now, step=FRAMES, kind="state", value="finished"))
    recorder.close()


def opened(page: Page, url: str) -> tuple[float, float]:
    """Open the run; return after how many milliseconds something was painted, and the last frame shown."""
    page.goto(f"{url}/?run={RUN}", wait_until="commit")
    deadline = time.monotonic() + 60
    while (at := page.evaluate("window.opened ?? null")) is None:
        assert time.monotonic() < deadline, "the page never showed the last frame"
        time.sleep(0.02)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    return float(paint), float(at)


def measure(browser: Browser, url: str, rounds: int, seconds: float) -> dict[str, float]:
    """Open and scrub; the medians of some rounds."""
    cold, warm, paints, loaded, scrubs = [], [], [], [], []
    for _ in range(rounds):
        # A context has a cache of its own.
        page = browser.new_context(viewport={"width": 1600, "height": 1000}).new_page()
        page.add_init_script(LISTEN)
        cold.append(opened(page, url)[1])
        paint, at = opened(page, url)
        paints.append(paint)
        warm.append(at)
        while page.evaluate("shiftscope.session().received.count") < STREAMS * FRAMES:
            time.sleep(0.05)
        loaded.append(page.evaluate("performance.now()"))
        time.sleep(1)
        scrubs.append(page.evaluate(SCRUB, [seconds, FRAMES]))
        page.context.close()
    found = {"first_paint_ms": paints, "cold_ms": cold, "open_ms": warm, "loaded_ms": loaded, "scrub_fps": scrubs}
    return {name: round(statistics.median(values), 1) for name, values in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5, help="how long to scrub in each round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder))
        with server(folder) as url, chromium() as browser:
            tell(measure(browser, url, options.rounds, options.seconds), as_json=options.json)


if __name__ == "__main__":
    main()
