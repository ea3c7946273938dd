"""GET /metrics and /api/ready: what a server says of itself to what watches it."""

from __future__ import annotations

import shutil
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import LiveServer, serve
from tests.producer import Producer, frame
from tests.viewer import Viewer
from tests.waiting import eventually


def read(server: LiveServer) -> dict[str, float]:
    """Return all samples by name and labels."""
    text = server.client.get("/metrics").raise_for_status().text
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_comes_and_goes_is_counted(tmp_path: Path) -> None:
    with serve(tmp_path / "runs") as server:
        before = read(server)
        assert (before["shiftscope_recordings"], before["shiftscope_producers"]) == (0, 0)
        with Producer(server.url) as producer:
            producer.begin()
            with Viewer(server.url, producer.run) as one, Viewer(server.url, producer.run) as two:
                producer.socket.send(b"".join(map(frame, range(1, 11))))
                one.receive(10)
                two.receive(10)
                # What a viewer has is counted a moment later.
                during = eventually(lambda: (now := read(server)) and now["shiftscope_frames_sent_total"] == 20 and now)
                assert during["shiftscope_frames_received_total"] == 10
                assert (during["shiftscope_viewers"], during["shiftscope_producers"]) == (2, 1)
                assert during["shiftscope_runs running"] == 1
                assert during["shiftscope_ingest_seconds_count"] == 1
            producer.end()
        after = eventually(lambda: (now := read(server)) and now["shiftscope_viewers"] == 0 and now)
        assert (after["shiftscope_runs running"], after["shiftscope_runs_ended_total finished"]) == (0, 1)
        assert after["shiftscope_recordings"] == 1
        loops = {"shiftscope_loop_lag_seconds server", "shiftscope_loop_lag_seconds viewers"}
        eventually(lambda: loops <= set(read(server)))
        assert after["process_open_fds"] > 0
        assert server.client.get("/api/ready").json() == {"status": "ready"}
        shutil.rmtree(server.data)
        refused = server.client.get("/api/ready")
        assert (refused.status_code, refused.json()["code"]) == (503, "refused.no_folder")
