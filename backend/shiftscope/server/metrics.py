"""What a server counts and measures of itself, in the form that Prometheus reads: GET /metrics."""

from __future__ import annotations

import asyncio
import time
from collections import Counter as Tally
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

import shiftscope
from shiftscope.recording.documents import Event
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import Run
from shiftscope.server.store import RunStore
from shiftscope.server.webhook import Webhook

BEAT_SECONDS = 0.5
SILENT_SECONDS = 5.0
"""A loop that has not had its turn for so long serves nobody."""
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Meters:
    """The counters and gauges of one server. Safe to use from its threads."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.frames_received = Counter("shiftscope_frames_received", "frames kept of producers", registry=registry)
        self.frames_sent = Counter("shiftscope_frames_sent", "frames sent to viewers", registry=registry)
        self.viewers = Gauge("shiftscope_viewers", "viewers that are connected", registry=registry)
        self.left_behind = Counter(
            "shiftscope_viewers_left_behind", "times that a viewer did not take what it was sent", registry=registry
        )
        self.ingest = Histogram(
            "shiftscope_ingest_seconds",
            "from a message of frames to its being kept",
            buckets=_BUCKETS,
            registry=registry,
        )
        self.ended = Counter("shiftscope_runs_ended", "runs that ended since the start", ["state"], registry=registry)
        self._lag = Gauge("shiftscope_loop_lag_seconds", "by how much a loop is late", ["loop"], registry=registry)
        self._beats: dict[str, float] = {}
        Gauge("shiftscope_version", "1", ["version"], registry=registry).labels(shiftscope.__version__).set(1)
        ProcessCollector(registry=registry)

    def hear(self, _: Run, event: Event) -> None:
        """Take note of an event of a run."""
        if event.kind == "state" and isinstance(event.value, str) and RunState(event.value).ended:
            self.ended.labels(event.value).inc()

    def include(self, store: RunStore, webhook: Webhook) -> None:
        """Show, besides what is counted, what there is."""
        self.registry.register(_Standing(store, webhook))

    async def beat(self, loop: str) -> None:
        """Measure, until this is cancelled, by how much the running loop, which has a name, is late."""
        self._lag.labels(loop).set(0)
        while True:
            self._beats[loop] = began = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)
            self._lag.labels(loop).set(max(0.0, time.monotonic() - began - BEAT_SECONDS))

    @property
    def silent(self) -> list[str]:
        """The loops that serve nobody."""
        now = time.monotonic()
        return [loop for loop, beat in list(self._beats.items()) if now - beat > SILENT_SECONDS]


class _Standing(Collector):
    """What there is at the moment at which somebody asks."""

    def __init__(self, store: RunStore, webhook: Webhook) -> None:
        self._store, self._webhook = store, webhook

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        under_way = self._store.under_way()
        absent = sum(run.status.absence is not None for run in under_way)
        tally = Tally(run.state for run in under_way)
        runs = GaugeMetricFamily("shiftscope_runs", "runs that have not ended", labels=["state"])
        for state in RunState:
            if not state.ended:
                runs.add_metric([state.value], tally[state])
        yield runs
        for name, what, value in (
            ("producers", "producers that are connected", sum(run.producer is not None for run in under_way)),
            (
                "producers_absent",
                "runs under way without a connection",
                absent,
            ),
            ("recordings", "recordings in the folder", len(self._store.entries()) + self._store.unread),
            ("recordings_unread", "recordings that were not looked into yet", self._store.unread),
            ("webhook_waiting", "alerts that wait to be posted", self._webhook.waiting),
        ):
            yield GaugeMetricFamily(f"shiftscope_{name}", what, value=value)
