"""What it takes to open a finished run and to scrub through it: 2,000 frames of 8 layers in 2 networks.

    python benchmarks/opening.py [--json] [--rounds 7] [--seconds 5]

The real thing end to end: a recording in a folder, a server, a Chromium with software rendering. first_paint_ms: from
the navigation to the browser's first contentful paint. cold_ms and open_ms: from the navigation, in a new tab, until
every chart that is seen shows the last frame, with nothing in the browser's cache, and with all of it there. loaded_ms:
until all frames are in the page. scrub_fps: from then on, animation frames a second while each of them shows another
step of the run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from browsing import server, tell
from devtools import Browser, Tab, chromium
from shiftscope.recording.documents import Event, RunInfo
from shiftscope.recording.writer import RecordingWriter
from shiftscope.wire.frames import RunHeader, split
from synthetic import SyntheticRun

DEPTH, FRAMES = 8, 2000
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
    shiftscope.store.dispatch({ type: "select", selection: { step: (drawn * 7) % frames } });
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""


def record(folder: Path) -> int:
    """Write the recording of a run that has finished; return how many frames all its streams have."""
    run = SyntheticRun(DEPTH, FRAMES)
    now = time.time()
    about = RunInfo(id=RUN, name="synthetic", source="script", created=now)
    recorder = RecordingWriter.create(folder / f"{RUN}.shiftscope", about)
    recorder.begin(RunHeader.model_validate(run.header()))
    sizes = {layout.stream: layout.frame_bytes for layout in run.layouts}
    seq = 0
    for step in range(FRAMES):
        message, seq = run.message(step, seq + 1, now)
        recorder.append(split(message, sizes))
    recorder.log(Event(time=now, step=FRAMES, kind="state", value="finished"))
    recorder.close()
    return seq


def opened(tab: Tab, url: str) -> tuple[float, float]:
    """Open the run; return after how many milliseconds something was painted, and the last frame shown."""
    tab.send("Page.navigate", url=f"{url}/?run={RUN}")
    deadline = time.monotonic() + 60
    while (at := tab.evaluate("window.opened")) is None:
        assert time.monotonic() < deadline, "the page never showed the last frame"
        time.sleep(0.02)
    paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    return float(paint), float(at)


def measure(browser: Browser, url: str, rounds: int, seconds: float, frames: int) -> dict[str, float]:
    """Open, wait until all frames are there, and scrub; the medians of some rounds."""
    cold, warm, paints, loaded, scrubs = [], [], [], [], []
    for _ in range(rounds):
        with browser.profile() as profile:
            with browser.tab(profile, LISTEN) as tab:
                cold.append(opened(tab, url)[1])
            with browser.tab(profile, LISTEN) as tab:
                paint, at = opened(tab, url)
                paints.append(paint)
                warm.append(at)
                while tab.evaluate("shiftscope.stream().received.count") < frames:
                    time.sleep(0.05)
                loaded.append(tab.evaluate("performance.now()"))
                time.sleep(1)
                scrubs.append(tab.evaluate(f"({SCRUB})([{seconds}, {FRAMES}])"))
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
        frames = record(Path(folder))
        with server(folder) as url, chromium() as browser:
            tell(measure(browser, url, options.rounds, options.seconds, frames), as_json=options.json)


if __name__ == "__main__":
    main()
