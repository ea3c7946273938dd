from __future__ import annotations

import numpy as np

from shiftscope.recording.reader import open_recording
from shiftscope.server.loss_curves import POINTS, loss_curves
from tests.conftest import LiveServer


def test_a_curve_holds_losses_of_the_recording_in_a_few_points(server: LiveServer) -> None:
    run = server.start(config={"duration": {"kind": "steps", "steps": 200}, "probes": "standard"})["id"]
    server.wait(run, "finished")
    answer = server.client.get(f"/api/runs/{run}/curve").json()
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        kept = recording.steps("steps").tolist()
        assert answer["seq"] == recording.last_seq
        assert (answer["steps"][0], answer["steps"][-1]) == (kept[0], kept[-1])
        assert 20 < len(answer["steps"]) <= POINTS + 1
        assert [one["network"] for one in answer["networks"]] == ["without BN", "with BN"]
        assert [one["normalized"] for one in answer["networks"]] == [False, True]
        places = [kept.index(step) for step in answer["steps"]]
        for one in answer["networks"]:
            losses = recording.values("steps", "loss", network=one["network"])
            np.testing.assert_array_equal(np.float32(one["loss"]), losses[places])
        assert len(loss_curves(recording.path, recording.header, points=3).steps) <= 4


def test_a_loss_that_is_no_number_is_null(server: LiveServer) -> None:
    config = {"optimizer": {"kind": "sgd", "learning_rate": 1000}, "duration": {"kind": "steps", "steps": 40}}
    run = server.start(config=config)["id"]
    server.wait(run, "finished")
    losses = server.client.get(f"/api/runs/{run}/curve").json()["networks"][0]["loss"]
    assert losses[0] is not None
    assert losses[-1] is None


def test_a_run_without_measurements_has_an_empty_curve(server: LiveServer) -> None:
    run = server.start(config={"dataset": {"kind": "digits"}, "pace": 1})["id"]
    server.client.post(f"/api/runs/{run}/stop")
    answer = server.client.get(f"/api/runs/{run}/curve")
    assert answer.status_code == 200
    assert answer.json()["steps"] == [] or len(answer.json()["networks"]) == 2
    assert server.client.get("/api/runs/none/curve").status_code == 404
