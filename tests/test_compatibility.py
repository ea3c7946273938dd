"""What docs/compatibility.md promises: files and producers of earlier versions, read and heard by today's code."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftscope import open_recording
from tests.conftest import REPOSITORY, LiveServer, serve
from tests.viewer import Viewer
from tests.websocket import connect

FORMAT_1 = REPOSITORY / "tests" / "golden" / "format-1"
RUN = "20261126-174051-f64f52"
TRIAL = "20261126-160000-abcdef"
FRAMES = 49
STREAMS = {
    "steps": 6, "layers": 6, "evaluation": 2, "drift": 6, "gradient_shift": 6, "sampling_shift": 6, "landscape": 6,
    "cost": 5, "channels": 6,
}  # fmt: skip
JOURNAL: list[tuple[int, str, Any]] = [
    (0, "state", "preparing"),
    (0, "state", "running"),
    (0, "state", "paused"),
    (0, "pace", 40.0),
    (0, "state", "running"),
    (1, "learning_rate", 1e30),
    (4, "diverged", None),
    (4, "diverged", None),
    (6, "measured", {"figures": {"with BN/test_accuracy": 0.875, "without BN/test_accuracy": "nan"}, "data": {}}),
    (6, "state", "finished"),
    (6, "name", "a run of format 1, renamed"),
]


def rows(query: str) -> list[Any]:
    """Read the golden file with nothing but SQLite."""
    with closing(sqlite3.connect(f"{(FORMAT_1 / 'run.shiftscope').as_uri()}?immutable=1", uri=True)) as connection:
        return list(connection.execute(query))


def header() -> dict[str, Any]:
    return json.loads(rows("SELECT body FROM document WHERE key = 'header'")[0][0])


def test_the_documents_and_the_journal_of_format_1_are_read() -> None:
    with open_recording(FORMAT_1 / "run.shiftscope") as recording:
        info = recording.info
        assert (info.id, info.name, info.source) == (RUN, "a run of format 1", "worker")
        assert info.config is not None
        assert info.config.model_dump(mode="json").items() >= {"seed": 3, "batch_size": 32, "probes": "full"}.items()
        assert [variant.name for variant in info.config.variants] == ["without BN", "with BN"]
        assert info.trial is not None
        assert info.trial.model_dump() == {
            "id": TRIAL, "experiment": "redundant-bias", "label": "default", "seed": 0, "runs": 1, "quick": True
        }  # fmt: skip
        assert [(event.step, event.kind, event.value) for event in recording.journal()] == JOURNAL
        assert recording.header is not None
        assert recording.header.total_steps == 6
        assert {name: len(recording.steps(name)) for name in recording.layouts} == STREAMS


def test_every_value_of_format_1_is_found_by_its_name() -> None:
    with open_recording(FORMAT_1 / "run.shiftscope") as recording:
        for layout in header()["layouts"]:
            frames = rows(f"SELECT data FROM frames WHERE stream = {layout['stream']} ORDER BY seq")
            for entry in layout["entries"]:
                size = int(np.prod(entry["shape"], dtype=int))
                kept = [struct.unpack_from(f"<{size}f", data, 24 + 4 * entry["offset"]) for (data,) in frames]
                place = {key: entry[key] for key in ("network", "layer", "site")}
                found = recording.values(layout["name"], entry["quantity"], **place)
                assert found.shape == (len(frames), *entry["shape"])
                np.testing.assert_array_equal(found.reshape(len(frames), size), np.array(kept, np.float32))
        losses = recording.values("steps", "loss", network="with BN")
    np.testing.assert_array_equal(losses[:4], np.array([2.1690547, 2.1277366, 2.1064494, 2.375249], np.float32))
    assert np.isnan(losses[4:]).all()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose folder holds the recording of format 1."""
    data = tmp_path_factory.mktemp("format-1") / "runs"
    data.mkdir()
    shutil.copy(FORMAT_1 / "run.shiftscope", data / f"{RUN}.shiftscope")
    with serve(data) as running:
        yield running


def test_a_recording_of_format_1_is_served(old: LiveServer, tmp_path: Path) -> None:
    assert [run["id"] for run in old.client.get("/api/runs").json()] == [RUN]
    run = old.run(RUN)
    assert (run["name"], run["state"], run["seq"]) == ("a run of format 1, renamed", "finished", FRAMES)
    assert (run["step"], run["pace"], run["learning_rate"]) == (6, 40, 1e30)
    curves = old.client.get(f"/api/runs/{RUN}/curve").raise_for_status().json()
    assert "2.169" in json.dumps(curves)
    trial = old.client.get(f"/api/trials/{TRIAL}").raise_for_status().json()
    assert [one["run"]["id"] for one in trial["runs"]] == [RUN]
    (tmp_path / "copy").write_bytes(old.client.get(f"/api/runs/{RUN}/recording").raise_for_status().content)
    with open_recording(tmp_path / "copy") as recording:
        assert recording.last_seq == FRAMES


def test_a_recording_of_format_1_is_streamed(old: LiveServer) -> None:
    with Viewer(old.url, RUN) as viewer:
        viewer.until_closed()
    (first,) = viewer.of_type("run")
    kept = header()
    assert [layout["name"] for layout in first["header"]["layouts"]] == list(STREAMS)
    for layout, sent in zip(kept["layouts"], first["header"]["layouts"], strict=True):
        assert [entry | mine for entry, mine in zip(sent["entries"], layout["entries"], strict=True)] == sent["entries"]
    assert [(event["step"], event["kind"], event["value"]) for event in first["events"]] == JOURNAL
    assert [(frame.seq, frame.data) for frame in viewer.frames] == rows("SELECT seq, data FROM frames ORDER BY seq")


def test_a_producer_of_format_1_is_understood(server: LiveServer) -> None:
    """Every message that a script sent to a server of that time, sent to today's."""
    lines = (FORMAT_1 / "conversation.jsonl").read_text().splitlines()
    said = [
        json.loads(one["text"]) if "text" in one else base64.b64decode(one["binary"]) for one in map(json.loads, lines)
    ]
    with connect(f"{server.url}/api/ingest") as socket:
        for message in said:
            socket.send(message if isinstance(message, bytes) else json.dumps(message))
        answers = [json.loads(answer) for answer in socket]
    welcome, *others = answers
    assert (welcome["type"], welcome["after"]) == ("welcome", 0)
    assert {answer["type"] for answer in others} == {"acknowledged"}
    run = server.wait(welcome["run"], "finished")
    assert (run["name"], run["source"], run["reason"], run["step"]) == ("a script of that time", "script", None, 4)
    sent = b"".join(message for message in said if isinstance(message, bytes))
    with open_recording(server.data / f"{run['id']}.shiftscope") as recording:
        assert b"".join(frame.data for frame in recording.read()) == sent
        assert others[-1]["seq"] == recording.last_seq
        told = [message for message in said if not isinstance(message, bytes) and message["type"] == "event"]
        kept = [event for event in recording.journal() if event.kind != "state"]
        assert [(event.kind, event.step, event.message, event.network) for event in kept] == [
            (event["kind"], event["step"], event["message"], event["network"]) for event in told
        ]
        assert np.isnan(recording.values("steps", "loss", network="mine")[-1])
        assert recording.values("evaluation", "test_accuracy", network="mine").tolist() == [0.75]
