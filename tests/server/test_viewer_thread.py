"""Which connections the viewers' loop takes: all that are for a run's stream, however they write it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from starlette.routing import compile_path

from shiftscope.server.viewer_thread import asks_for_stream


@pytest.mark.parametrize(
    "target",
    [
        "/api/runs/a-1/stream",
        "/api/runs/a-1/stream?after=3&outline=20",
        "/api/runs/a-1/strea%6d",
        "/%61pi/runs/%2e/stream?x=/",
        "/api/runs/a%3Fb/stream",
        "/api/runs/a/stream%0a",
        "/api/runs/a%2Fb/stream",
        "/api/runs/a/stream/",
        "/api/runs/a/stream%3F",
        "/api/audience?x=/api/runs/a/stream",
        "/api/ingest",
    ],
)
def test_what_the_application_takes_for_a_stream_goes_to_the_viewers_loop(target: str) -> None:
    route, _, _ = compile_path("/api/runs/{run_id}/stream")
    routed = route.match(unquote(target.partition("?")[0])) is not None
    for root in ("", "/shown/here"):
        assert asks_for_stream(f"GET {root}{target} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()) is routed
