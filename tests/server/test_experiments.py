from __future__ import annotations

from typing import Any

import pytest

from shiftscope.lab.experiments.catalogue import find
from shiftscope.lab.experiments.measured import as_event_value, data_of, figures_of
from shiftscope.recording import Event
from tests.conftest import LiveServer


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
    assert run["name"] == experiment.title.en
    assert run["trial"] is None
    server.client.delete(f"/api/runs/{run['id']}")
