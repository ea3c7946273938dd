from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shiftscope.experiments.catalogue import find
from shiftscope.experiments.figures import as_event_value, data_of, figures_of
from shiftscope.recording.documents import Event
from shiftscope.recording.reader import open_recording
from tests.conftest import LiveServer, serve


def test_figures_that_are_not_finite_survive_the_journal() -> None:
    figures = {"a": 1.5, "b": float("inf"), "c": float("nan")}
    event = Event(time=0, step=1, kind="measured", value=as_event_value(figures, {"grid": [[1, 2]]}))
    read = [Event.model_validate_json(event.model_dump_json())]
    found = figures_of(read)
    assert found is not None
    assert (found["a"], found["b"]) == (1.5, float("inf"))
    assert found["c"] != found["c"]
    assert data_of(read) == {"grid": [[1, 2]]}
    assert figures_of([]) is None


@pytest.mark.parametrize("path", ["trials/nothing", "experiments/nothing"])
def test_what_there_is_not(server: LiveServer, path: str) -> None:
    method = server.client.get if path.startswith("trials") else server.client.post
    response = method(f"/api/{path}")
    assert response.status_code == 404
    assert "'nothing'" in response.json()["detail"]


def test_a_run_may_take_its_config_from_an_experiment(server: LiveServer) -> None:
    experiment = find("mnist-table").experiment
    config: Any = experiment.config.model_copy(update={"pace": 1})
    run = server.start(experiment="mnist-table", config=config.model_dump(mode="json"))
    assert run["name"] == experiment.title
    assert run["trial"] is None
    server.client.delete(f"/api/runs/{run['id']}")


def wait_for_trial(server: LiveServer, trial: str) -> dict[str, Any]:
    for run in server.client.get(f"/api/trials/{trial}").json()["runs"]:
        server.wait(run["run"]["id"], "finished", "failed", "stopped", "interrupted")
    return server.client.get(f"/api/trials/{trial}").json()


def test_a_trial_runs_to_its_verdict_and_outlives_the_server(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    with serve(data) as server:
        response = server.client.post("/api/experiments/input-scaling", json={"quick": True})
        assert response.status_code == 201
        created = response.json()
        assert (created["experiment"], created["quick"], created["verdict"]) == ("input-scaling", True, None)
        assert created["reason"]["text"] == "2 of 2 runs go on"
        assert [run["label"] for run in created["runs"]] == ["raw", "standardized"]
        assert created["runs"][0]["run"]["trial"]["id"] == created["id"]
        done = wait_for_trial(server, created["id"])
    assert done["ended"]
    assert done["reason"] is None
    measured = {run["label"]: [run["measured"]] for run in done["runs"]}
    assert measured["raw"][0]["surface/condition"] > 100
    assert done["verdict"] == find("input-scaling").judge(measured).model_dump(mode="json")
    with open_recording(data / f"{done['runs'][0]['run']['id']}.shiftscope") as recording:
        journal = list(recording.journal())
    surface = data_of(journal)["surface"]
    assert isinstance(surface, dict)
    assert len(surface["loss"]) == len(surface["w2"]) == 41
    with serve(data) as server:
        again = server.client.get(f"/api/trials/{created['id']}").json()
        assert again == done
        (listed,) = server.client.get("/api/trials").json()
        assert listed == done
        server.client.delete(f"/api/runs/{done['runs'][0]['run']['id']}").raise_for_status()
        left = server.client.get(f"/api/trials/{created['id']}").json()
        assert (left["verdict"], left["reason"]["text"]) == (None, "1 of the trial's 2 runs were deleted")


def test_a_stopped_run_leaves_its_trial_without_a_verdict(server: LiveServer) -> None:
    trial = server.client.post("/api/experiments/input-scaling", json={"quick": True, "seeds": 2}).json()
    assert [(run["seed"], run["run"]["config"]["seed"]) for run in trial["runs"]] == [(0, 0), (0, 0), (1, 1), (1, 1)]
    for run in trial["runs"]:  # none of them is over before it is stopped
        server.client.patch(f"/api/runs/{run['run']['id']}", json={"pace": 1}).raise_for_status()
    for run in reversed(trial["runs"]):
        server.client.post(f"/api/runs/{run['run']['id']}/stop").raise_for_status()
    done = wait_for_trial(server, trial["id"])
    assert {run["run"]["state"] for run in done["runs"]} == {"stopped"}
    assert done["verdict"] is None
    assert done["reason"]["text"].startswith("raw stopped: ")
    for run in done["runs"]:
        server.client.delete(f"/api/runs/{run['run']['id']}")
    assert server.client.get(f"/api/trials/{trial['id']}").status_code == 404


def test_a_run_whose_learning_rate_was_changed_gives_no_verdict(server: LiveServer) -> None:
    trial = server.client.post("/api/experiments/input-scaling", json={"quick": True}).json()
    last = trial["runs"][1]["run"]["id"]
    server.client.patch(f"/api/runs/{last}", json={"learning_rate": 0.5}).raise_for_status()
    done = wait_for_trial(server, trial["id"])
    assert (done["ended"], done["verdict"]) == (True, None)
    assert done["reason"]["text"].startswith("the learning rate of standardized was changed")
    for run in done["runs"]:
        server.client.delete(f"/api/runs/{run['run']['id']}")


@pytest.mark.parametrize("body", [{"seeds": 0}, {"seeds": 1000}, {"fast": True}])
def test_what_a_trial_may_not_be(server: LiveServer, body: dict[str, Any]) -> None:
    assert server.client.post("/api/experiments/two-axes", json=body).status_code == 422
