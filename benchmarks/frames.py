"""What a frame of the page costs: the default screen, 8 layers in 2 networks, 2,000 frames of history.

python benchmarks/frames.py [--json] [--seconds 60] [--updates 20000] [--rate 60]

Real Chromium with software rendering. js_ms: synchronous JavaScript in an animation frame, the sockets' handlers
included. cpu_ms: all main-thread work a frame (CDP TaskDuration). long_tasks: tasks over 50 ms in the seconds watched.
heap_growth_mb and rss_growth_mb: over --updates further updates, garbage collected before each reading; rss is the
renderer process's resident memory.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from playwright.sync_api import CDPSession, Page

from browsing import chromium, tell
from shiftscope.config import RunConfig
from shiftscope.server.pages import Pages, frontend_folder, pages_router
from shiftscope.server.visitors import EVERYBODY, visitor
from synthetic import SyntheticRun

DEPTH = 8
HISTORY = 2000
TOTAL = 4_000_000
INSTRUMENT = """
(() => {
  const bench = (window.bench = { frames: [], handlers: 0, long: 0 });
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) => ask((now) => {
    const from = performance.now();
    act(now);
    bench.frames.push(performance.now() - from + bench.handlers);
    bench.handlers = 0;
  });
  const property = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", { ...property, set(handler) {
    property.set.call(this, (event) => {
      const from = performance.now();
      handler(event);
      bench.handlers += performance.now() - from;
    });
  }});
  new PerformanceObserver((list) => (bench.long += list.getEntries().length)).observe({ entryTypes: ["longtask"] });
})();
"""


class Source:
    """The stream of one synthetic run: its history at once, then `rate` updates a second until told to rest."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.sent = 0
        self.flowing = threading.Event()
        self.closing = threading.Event()
        self.run = SyntheticRun(DEPTH, TOTAL)

    async def serve(self, socket: WebSocket) -> None:
        """Speak to one viewer as docs/protocol.md says, until it goes."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            await self._send(socket)

    async def _send(self, socket: WebSocket) -> None:
        record = self.record()
        await socket.send_json({"type": "run", "run": record, "header": self.run.header(), "events": [], "last_seq": 0})
        seq = 0
        for step in range(HISTORY):
            message, seq = self.run.message(step, seq + 1, time.time())
            await socket.send_bytes(message)
            # The page's scripts are served by the same thread.
            await asyncio.sleep(0)
        # Making a frame is not what is measured: the further ones are made before they are needed, and sent round.
        ready = [self.run.message(HISTORY + i, 1, 0.0)[0] for i in range(240)]
        step, due = HISTORY, time.monotonic()
        while not self.closing.is_set():
            if not self.flowing.is_set():
                await asyncio.sleep(0.02)
                due = time.monotonic()
                continue
            message, seq = _renumbered(ready[step % len(ready)], self.run, step, seq)
            await socket.send_bytes(message)
            step += 1
            self.sent += 1
            due += 1 / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def record(self) -> dict[str, Any]:
        """Return the run as the API would."""
        return {
            "id": "bench", "name": "synthetic", "title": None, "state": "running", "reason": None,
            "source": "script", "config": None, "step": HISTORY, "total_steps": None,
            "created": 0.0, "started": 0.0, "ended": None, "elapsed": 1.0,
            "pace": None, "learning_rate": None, "preparing": None, "seq": 0,
        }  # fmt: skip


def _renumbered(message: bytes, run: SyntheticRun, step: int, seq: int) -> tuple[bytes, int]:
    """Give prepared frames the next step and sequence numbers, and the time of now."""
    changed = bytearray(message)
    at, now = 0, np.float64(time.time()).tobytes()
    for layout in run.layouts:
        seq += 1
        changed[at + 4 : at + 8] = seq.to_bytes(4, "little")
        changed[at + 8 : at + 16] = step.to_bytes(8, "little")
        changed[at + 16 : at + 24] = now
        at += layout.frame_bytes
    return bytes(changed), seq


def _none() -> list[str]:
    return []


def _app(source: Source) -> FastAPI:
    app = FastAPI()
    app.dependency_overrides[visitor] = lambda: EVERYBODY
    app.include_router(pages_router(Pages(frontend_folder())))
    app.get("/api/runs")(lambda: [source.record()])
    app.get("/api/experiments")(_none)
    app.get("/api/trials")(_none)
    app.get("/api/schema")(RunConfig.model_json_schema)
    app.websocket("/api/runs/bench/stream")(source.serve)
    return app


@contextlib.contextmanager
def _served(source: Source) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(_app(source), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


def _renderer_rss(page: Page) -> float:
    """Return the resident memory of the page's renderer, in MB: the largest of the browser's renderers."""
    browser = page.context.browser
    if browser is None:
        raise RuntimeError("the page has no browser")
    cdp = browser.new_browser_cdp_session()
    processes = cdp.send("SystemInfo.getProcessInfo")["processInfo"]
    cdp.detach()
    pages = [
        int(Path(f"/proc/{one['id']}/statm").read_text().split()[1]) for one in processes if one["type"] == "renderer"
    ]
    return max(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _heap(cdp: CDPSession) -> float:
    cdp.send("HeapProfiler.collectGarbage")
    return _metrics(cdp)["JSHeapUsedSize"] / 2**20


def _metrics(cdp: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}


def _received(page: Page) -> int:
    count: int = page.evaluate("window.shiftscope?.stream()?.received.count ?? 0")
    return count


def _missing(page: Page, history: int, streams: int, source: Source) -> int:
    """Return how many frames the page lacks once it has taken in what was sent."""
    deadline = time.monotonic() + 20
    while (missing := history + streams * source.sent - _received(page)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return missing


def _watch(page: Page, cdp: CDPSession, seconds: float) -> dict[str, float]:
    """Watch the page for some seconds while updates flow."""
    page.evaluate("bench.frames.length = 0, bench.long = 0")
    before, started = _metrics(cdp)["TaskDuration"], time.monotonic()
    time.sleep(seconds)
    busy, passed = _metrics(cdp)["TaskDuration"] - before, time.monotonic() - started
    frames, long_tasks = page.evaluate("[bench.frames, bench.long]")
    return {
        "js_ms_p50": round(float(np.percentile(frames, 50)), 3),
        "js_ms_p99": round(float(np.percentile(frames, 99)), 3),
        "cpu_ms": round(1000 * busy / len(frames), 2),
        "fps": round(len(frames) / passed, 1),
        "long_tasks": int(long_tasks),
    }


def _grow(page: Page, cdp: CDPSession, source: Source, updates: int) -> dict[str, float]:
    """Let many updates pass and say how much memory they left behind."""
    heap, rss, sent = _heap(cdp), _renderer_rss(page), source.sent
    rate, source.rate = source.rate, 500.0
    while source.sent - sent < updates:
        time.sleep(0.2)
    source.rate = rate
    time.sleep(1)
    page.evaluate("bench.frames.length = 0")
    return {"heap_growth_mb": round(_heap(cdp) - heap, 2), "rss_growth_mb": round(_renderer_rss(page) - rss, 1)}


def measure(seconds: float, updates: int, rate: float) -> dict[str, float]:
    """Open the page on a synthetic run and measure it."""
    source = Source(rate)
    with _served(source) as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.add_init_script(INSTRUMENT)
        page.goto(f"{url}/?run=bench")
        streams = len(source.run.layouts)
        while _received(page) < streams * HISTORY:
            time.sleep(0.1)
        cdp = page.context.new_cdp_session(page)
        # The thread's own time: what other processes take from the machine is not the page's.
        cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        source.flowing.set()
        time.sleep(8)
        result = _watch(page, cdp, seconds)
        if updates:
            result |= _grow(page, cdp, source, updates)
            source.flowing.clear()
            result["missing"] = _missing(page, streams * HISTORY, streams, source)
        source.closing.set()
        time.sleep(0.3)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--seconds", type=float, default=60, help="how long frames are watched")
    parser.add_argument("--updates", type=int, default=20_000, help="how many updates memory is watched over; 0: none")
    parser.add_argument("--rate", type=float, default=60, help="updates a second")
    options = parser.parse_args()
    tell(measure(options.seconds, options.updates, options.rate), as_json=options.json)


if __name__ == "__main__":
    main()
