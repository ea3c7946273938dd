"""What is done to a network as it trains, from the API to the frames and back into a recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shiftscope.recording.reader import open_recording
from shiftscope.wire.frames import find_entry
from tests.conftest import LiveServer

CONFIG: dict[str, Any] = {
    "duration": {"kind": "steps", "steps": 100_000},
    "network": {"depth": 3, "width": 8},
    "recording": {"kind": "every", "every": 1, "studies": 100_000},
}
BELOW = "below hidden 2, hidden 3, output"
PLAIN, NORMALIZED = "without BN", "with BN"


@pytest.fixture(scope="module")
def paused(server: LiveServer) -> Iterator[str]:
    run = str(server.start(config=CONFIG)["id"])
    server.wait_for_step(run, 1)
    server.client.post(f"/api/runs/{run}/pause").raise_for_status()
    yield run
    server.client.delete(f"/api/runs/{run}").raise_for_status()


def change(server: LiveServer, run: str, **networks: Any) -> Any:
    return server.client.patch(f"/api/runs/{run}", json={"networks": networks})


@pytest.mark.parametrize(
    ("networks", "where", "what"),
    [
        ({"BN": {"freeze_below": None}}, ["networks", "BN"], "there are without BN, with BN"),
        (
            {PLAIN: {"freeze_below": "hidden 1"}},
            ["networks", PLAIN, "freeze_below"],
            BELOW,
        ),
        (
            {PLAIN: {"freeze_below": "hidden 9"}},
            ["networks", PLAIN, "freeze_below"],
            BELOW,
        ),
        ({PLAIN: {"freeze_below": 3}}, ["networks", PLAIN, "freeze_below"], "valid string"),
        ({PLAIN: {"freeze": "output"}}, ["networks", PLAIN, "freeze"], "not permitted"),
        ({PLAIN: {"freeze_below": "output"}, "x": {}}, ["networks", "x"], "there are without BN, with BN"),
        ({PLAIN: {"bn_strength": 0.5}}, ["networks", PLAIN, "bn_strength"], "without BN has no batch normalization"),
        ({PLAIN: {"freeze_affine": True}}, ["networks", PLAIN, "freeze_affine"], "no batch normalization"),
        ({PLAIN: {"noise": 0.5}}, ["networks", PLAIN, "noise"], "no batch normalization"),
        ({NORMALIZED: {"bn_strength": 1.5}}, ["networks", NORMALIZED, "bn_strength"], "less than or equal to 1"),
        ({NORMALIZED: {"noise": -1}}, ["networks", NORMALIZED, "noise"], "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_done_is_refused_at_its_field(
    server: LiveServer, paused: str, networks: dict[str, Any], where: list[str], what: str
) -> None:
    answer = change(server, paused, **networks)
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert problem["loc"] == ["body", *where]
    assert what in problem["msg"]
    assert server.run(paused)["interventions"] == {}


def test_batch_normalization_is_faded_and_a_fork_takes_what_was_done(server: LiveServer) -> None:
    run = str(server.start(config=CONFIG)["id"])
    server.wait_for_step(run, 1)
    assert change(server, run, **{PLAIN: {"bn_strength": 1, "noise": 0}}).status_code == 200
    change(server, run, **{NORMALIZED: {"bn_strength": 0.25, "noise": 0.5}}).raise_for_status()
    change(server, run, **{NORMALIZED: {"freeze_affine": True}}).raise_for_status()
    done = {"freeze_below": None, "bn_strength": 0.25, "freeze_affine": True, "noise": 0.5}
    assert server.run(run)["interventions"] == {NORMALIZED: done}
    body = {"networks": {NORMALIZED: {"noise": 0}, PLAIN: {"freeze_below": "output"}}}
    fork = server.client.post(f"/api/runs/{run}/fork", json=body).raise_for_status().json()
    assert fork["interventions"][NORMALIZED] == done | {"noise": 0}
    assert fork["interventions"][PLAIN]["freeze_below"] == "output"
    wrong = server.client.post(f"/api/runs/{run}/fork", json={"networks": {PLAIN: {"noise": 1}}})
    assert wrong.json()["detail"][0]["loc"] == ["body", "networks", PLAIN, "noise"]
    server.client.post(f"/api/runs/{run}/stop").raise_for_status()
    server.wait_for_step(fork["id"], fork["forked"]["step"] + 20)
    server.client.post(f"/api/runs/{fork['id']}/stop").raise_for_status()
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        said = [event.message for event in recording.journal() if event.kind == "intervention"]
    assert said == [
        "with BN: BN strength 0.25", "with BN: noise of standard deviation 0.5 after BN",
        "with BN: gamma and beta are frozen",
    ]  # fmt: skip
    with open_recording(server.data / f"{fork['id']}.shiftscope") as recording:
        gammas = recording.values("channels", "gamma", network=NORMALIZED, layer="hidden 1")
    assert (gammas == gammas[0]).all()


def test_a_network_is_frozen_below_a_layer_and_released(server: LiveServer, paused: str) -> None:
    frozen = change(server, paused, **{NORMALIZED: {"freeze_below": "hidden 3"}})
    assert frozen.json()["interventions"][NORMALIZED]["freeze_below"] == "hidden 3"
    start = server.run(paused)["step"]
    server.client.post(f"/api/runs/{paused}/resume").raise_for_status()
    server.wait_for_step(paused, start + 60)
    server.client.post(f"/api/runs/{paused}/pause").raise_for_status()
    released = change(server, paused, **{NORMALIZED: {"freeze_below": None}})
    assert released.json()["interventions"][NORMALIZED]["freeze_below"] is None
    server.client.post(f"/api/runs/{paused}/stop").raise_for_status()
    with open_recording(server.data / f"{paused}.shiftscope") as recording:
        events = [event for event in recording.journal() if event.kind == "intervention"]
        assert [(one.network, one.layer, one.code) for one in events] == [
            (NORMALIZED, "hidden 3", "event.frozen_below"),
            (NORMALIZED, "", "event.released"),
        ]
        assert recording.header is not None
        (layout,) = [one for one in recording.header.layouts if one.name == "drift"]
        rows = [frame for frame in recording.read() if frame.stream == layout.stream and frame.step > start + 20]
        rows = [frame for frame in rows if frame.step <= events[1].step]
        assert rows

        def moved(network: str, layer: str) -> list[float]:
            entry = find_entry(
                layout, "wasserstein_over_sigma_from_previous", network=network, layer=layer, site="pre_activation"
            )
            return [float(frame.row[entry.offset]) for frame in rows]

        assert set(moved(NORMALIZED, "hidden 2")) == {0.0}
        assert min(moved(NORMALIZED, "hidden 3")) > 0
        assert min(moved(PLAIN, "hidden 2")) > 0


def test_what_moved_before_and_after_is_narrated(server: LiveServer) -> None:
    run = str(server.start(config=CONFIG)["id"])
    server.wait_for_step(run, 40)
    change(server, run, **{PLAIN: {"freeze_below": "hidden 3"}}).raise_for_status()
    server.wait_for_step(run, server.run(run)["step"] + 200)
    server.client.post(f"/api/runs/{run}/stop").raise_for_status()
    server.wait(run, "stopped")
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        (said,) = [event for event in recording.journal() if event.code == "narration.intervened"]
        (clicked,) = [event for event in recording.journal() if event.kind == "intervention"]
    # The server wrote it down at the step that it knew of; a script reads that from which it was so.
    assert clicked.step == said.values["since"]
    assert (said.network, said.layer, said.value) == (PLAIN, "hidden 3", {"view": "target"})
    assert "hidden 1 to hidden 2 frozen since step" in said.message
    assert "the input of hidden 3 stands still" in said.message


def test_a_run_that_has_ended_is_left_alone(server: LiveServer) -> None:
    run = str(server.start(config={"duration": {"kind": "steps", "steps": 1}})["id"])
    server.wait(run, "finished")
    answer = change(server, run, **{PLAIN: {"freeze_below": "output"}})
    assert (answer.status_code, answer.json()["state"]) == (409, "finished")
