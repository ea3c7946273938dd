"""What viewers are told of recordings that were made before there was a narrator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shiftscope.config import Intervention
from shiftscope.recording.documents import Event
from tests.conftest import serve
from tests.narration.stories import of_before, waking
from tests.viewer import Viewer


def told(url: str) -> list[dict[str, Any]]:
    """Return the sentences that a viewer of the recording is sent."""
    with Viewer(url, "old") as viewer:
        viewer.until_closed()
    return [text["event"] for text in viewer.of_type("event") if text["event"]["kind"] == "narration"]


def test_an_old_recording_is_narrated_with_what_was_done_then_and_stays_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    data.mkdir()
    done = Intervention(noise=0.5).model_dump(mode="json")
    noisy = Event(time=1.5, step=20, kind="intervention", network="bn", value=done)
    path = of_before(data / "old.shiftscope", waking(), noisy)
    before = path.read_bytes()
    with serve(data) as server:
        first, second = told(server.url), told(server.url)
    assert first == second
    assert [event["code"].removeprefix("narration.") for event in first] == [
        "still_smaller", "moved_farther", "wakes_moving", "equal_loss_moved", "intervened", "end",
    ]  # fmt: skip
    assert [event["step"] for event in first] == sorted(event["step"] for event in first)
    assert "bn, noise of standard deviation 0.5 after BN since step 20" in first[4]["message"]
    assert path.read_bytes() == before
