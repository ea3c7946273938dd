from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import shiftscope
from shiftscope.config import RunConfig
from shiftscope.recording.reader import open_recording
from shiftscope.server.pages import compiled_on_arrival
from tests.conftest import LiveServer
from tests.producer import Producer
from tests.waiting import eventually

SLOW = {"pace": 20, "duration": {"kind": "steps", "steps": 100_000}}


def test_importing_the_app_loads_no_torch() -> None:
    loaded = "[m for m in ('torch', 'sklearn', 'numba') if m in sys.modules]"
    program = f"import sys, shiftscope.server.app, shiftscope.cli; print({loaded})"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_health(server: LiveServer) -> None:
    assert server.client.get("/api/health").json() == {
        "status": "ok",
        "program": "shiftscope",
        "version": shiftscope.__version__,
    }


def test_schema_draws_the_form(server: LiveServer) -> None:
    schema = server.client.get("/api/schema").json()
    [example] = schema.pop("examples")
    assert RunConfig.model_validate(example) == RunConfig(pace=100, probes="full")
    assert schema == json.loads(json.dumps(RunConfig.model_json_schema()))
    assert schema["$defs"]["Mlp"]["properties"]["depth"]["maximum"] == 32
    assert schema["properties"]["optimizer"]["discriminator"]["propertyName"] == "kind"


def test_experiments_are_valid_runs(server: LiveServer) -> None:
    found = server.client.get("/api/experiments").json()
    assert found
    for experiment in found:
        RunConfig.model_validate(experiment["config"])
        for text in ("title", "question", "watch"):
            assert experiment[text]


def test_openapi_documents_every_route(server: LiveServer) -> None:
    paths = server.client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/health", "/api/ready", "/api/me", "/api/cluster", "/api/schema", "/api/experiments",
        "/api/experiments/{experiment_id}", "/api/trials",
        "/api/trials/{trial_id}", "/api/runs", "/api/runs/{run_id}",
        "/api/runs/{run_id}/pause", "/api/runs/{run_id}/resume", "/api/runs/{run_id}/step", "/api/runs/{run_id}/stop",
        "/api/runs/{run_id}/curve", "/api/runs/{run_id}/recording", "/api/runs/{run_id}/fork",
    }  # fmt: skip
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path}"


def test_an_empty_object_trains_the_default_pair_to_its_end(server: LiveServer) -> None:
    created = server.start()
    assert created["state"] == "queued"
    assert RunConfig.model_validate(created["config"]) == RunConfig(pace=100, probes="full")
    server.wait(created["id"], "running")
    server.client.patch(f"/api/runs/{created['id']}", json={"pace": None})
    done = server.wait(created["id"], "finished")
    assert done["step"] == done["total_steps"] == 2000
    assert done["reason"] is None
    assert 0 < done["elapsed"] <= done["ended"] - done["started"] + 0.01
    response = server.client.get(f"/api/runs/{done['id']}/recording")
    assert response.headers["content-disposition"] == f'attachment; filename="{done["id"]}.shiftscope"'
    path = server.data.parent / "downloaded.shiftscope"
    path.write_bytes(response.content)
    assert response.content == (server.data / f"{done['id']}.shiftscope").read_bytes()  # the file itself, or a part
    part = {"range": "bytes=0-15", "if-range": response.headers["etag"]}
    beginning = server.client.get(f"/api/runs/{done['id']}/recording", headers=part)
    assert (beginning.status_code, beginning.content) == (206, b"SQLite format 3\0")
    for none in ("bytes=a-b", f"bytes={'9' * 5000}-", "lines=0-1", "bytes=0-1,0-1"):
        whole = server.client.get(f"/api/runs/{done['id']}/recording", headers={"range": none})
        assert (whole.status_code, len(whole.content)) == (200, len(response.content))
    with open_recording(path) as recording:
        assert recording.last_seq == done["seq"]
        steps = recording.steps("layers")
        assert (steps[0], steps[-1]) == (0, 1999)
        assert recording.values("evaluation", "test_accuracy", network="with BN")[-1] > 0.9


def test_pause_step_resume_and_stop(server: LiveServer) -> None:
    run = server.start(config=SLOW)["id"]
    server.wait_for_step(run, 3)
    assert server.client.post(f"/api/runs/{run}/pause").json()["state"] == "paused"
    assert server.client.post(f"/api/runs/{run}/resume").json()["state"] == "running"
    server.wait_for_step(run, server.run(run)["step"] + 3)
    stopped = server.client.post(f"/api/runs/{run}/stop").json()
    assert stopped["state"] == "stopped"
    assert "stopped after" in stopped["reason"]["text"]


def test_a_paused_run_does_the_steps_that_it_is_granted_and_no_more(server: LiveServer) -> None:
    run = server.start(config={**SLOW, "pace": 0.1})["id"]
    server.wait_for_step(run, 1)
    assert server.client.post(f"/api/runs/{run}/pause").json()["state"] == "paused"
    for _ in range(3):
        assert server.client.post(f"/api/runs/{run}/step").status_code == 200
    server.wait_for_step(run, 4)
    stopped = server.client.post(f"/api/runs/{run}/stop").json()
    assert stopped["reason"]["text"].startswith("stopped after 4 of")


@pytest.mark.parametrize("action", ["pause", "resume", "step", "stop"])
def test_an_illegal_transition_says_which_state_the_run_is_in(server: LiveServer, action: str) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.end()
    response = server.client.post(f"/api/runs/{producer.run}/{action}")
    assert response.status_code == 409
    assert response.json()["state"] == "finished"
    assert f"run {producer.run} is finished: it cannot" in response.json()["detail"]


def test_pace_and_learning_rate_change_while_it_runs(server: LiveServer) -> None:
    run = server.start(config=SLOW)["id"]
    server.wait(run, "running")
    changed = server.client.patch(
        f"/api/runs/{run}", json={"pace": None, "learning_rate": 0.03, "name": "faster"}
    ).json()
    assert (changed["pace"], changed["learning_rate"], changed["name"]) == (None, 0.03, "faster")
    server.wait_for_step(run, 200)
    server.client.post(f"/api/runs/{run}/stop")
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        assert recording.values("steps", "learning_rate")[-1] == pytest.approx(0.03)
        assert {"pace", "learning_rate", "name"} <= {event.kind for event in recording.journal()}
    refused = server.client.patch(f"/api/runs/{run}", json={"pace": 5})
    assert refused.status_code == 409
    assert "cannot change its pace" in refused.json()["detail"]
    assert server.client.patch(f"/api/runs/{run}", json={"name": "afterwards"}).json()["name"] == "afterwards"
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        assert list(recording.journal())[-1].value == "afterwards"


def test_delete_stops_and_removes(server: LiveServer) -> None:
    run = server.start(config=SLOW)["id"]
    server.wait(run, "running")
    assert server.client.delete(f"/api/runs/{run}").status_code == 204
    response = server.client.get(f"/api/runs/{run}")
    assert response.status_code == 404
    assert run in response.json()["detail"]
    assert not list(server.data.glob(f"{run}*"))


def test_runs_beyond_the_places_are_queued(server: LiveServer) -> None:
    runs = [server.start(config=SLOW)["id"] for _ in range(3)]
    for run in runs[:2]:
        server.wait(run, "running")
    assert server.run(runs[2])["state"] == "queued"
    assert server.client.post(f"/api/runs/{runs[0]}/stop").status_code == 200
    server.wait(runs[2], "running")
    for run in runs[1:]:
        assert server.client.post(f"/api/runs/{run}/stop").json()["state"] == "stopped"


@pytest.mark.parametrize(
    ("config", "place", "words"),
    [
        ({"optimizer": {"kind": "sgd", "learning_rate": -1}}, ["optimizer", "sgd", "learning_rate"], "greater than 0"),
        ({"optimizer": {"kind": "lion"}}, ["optimizer"], "does not match any of the expected tags"),
        ({"network": {"depth": 0}}, ["network", "mlp", "depth"], "greater than or equal to 1"),
        ({"network": {"width": 100_000}}, ["network", "mlp", "width"], "less than or equal to 4096"),
        ({"network": {"width": 4096, "depth": 32}}, [], "at most 50,000,000 are accepted"),
        ({"batch_size": 1}, [], "at least 2: batch normalization"),
        ({"batch_size": 1440}, [], "more than the 1,437 training samples"),
        ({"variants": []}, ["variants"], "at least 1 item"),
        ({"variants": [{"name": "a"}, {"name": "a"}]}, ["variants"], "a name of its own"),
        ({"lerning_rate": 1}, ["lerning_rate"], "Extra inputs are not permitted"),
        ({"seed": "x"}, ["seed"], "valid integer"),
    ],
)
def test_each_refusal_names_the_field(server: LiveServer, config: dict[str, Any], place: list[str], words: str) -> None:
    response = server.client.post("/api/runs", json={"config": config})
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert [part for part in problem["loc"] if part not in {"body", "config"}] == place
    assert words in problem["msg"]
    assert not problem["msg"].startswith("Value error")


def test_nan_in_a_request_is_refused_and_not_a_crash(server: LiveServer) -> None:
    body = '{"config": {"optimizer": {"kind": "sgd", "learning_rate": NaN}}}'
    response = server.client.post("/api/runs", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\0b", "a\u202eb", "x" * 201])
def test_a_name_is_a_line_of_text(server: LiveServer, name: str) -> None:
    with Producer(server.url) as producer:
        assert server.client.patch(f"/api/runs/{producer.run}", json={"name": name}).status_code == 422
        assert server.client.patch(f"/api/runs/{producer.run}", json={"name": " mine "}).json()["name"] == "mine"


def test_pause_and_resume_at_once_leave_state_and_worker_agreed(server: LiveServer) -> None:
    """Of a worker that is really paused, one granted step is one step at the learning rate set before it."""
    run = server.start(config=SLOW | {"pace": None, "recording": {"kind": "every", "every": 1}})["id"]
    server.wait_for_step(run, 1)

    def learning_rates() -> list[float]:
        with open_recording(server.data / f"{run}.shiftscope") as recording:
            return recording.values("steps", "learning_rate").tolist()

    rounds = [2.0**-power for power in range(4, 14)]
    with ThreadPoolExecutor(4) as pool:
        for learning_rate in rounds:
            actions = ("pause", "resume", "pause", "resume")
            list(pool.map(lambda action: server.client.post(f"/api/runs/{run}/{action}"), actions))
            if server.run(run)["state"] == "running":
                server.client.post(f"/api/runs/{run}/pause")
            server.client.patch(f"/api/runs/{run}", json={"learning_rate": learning_rate}).raise_for_status()
            server.client.post(f"/api/runs/{run}/step").raise_for_status()
            eventually(lambda wanted=learning_rate: learning_rates()[-1] == wanted)
            assert server.run(run)["state"] == "paused"
            # It must not go on at this rate when the next round lets it run.
            server.client.patch(f"/api/runs/{run}", json={"learning_rate": 1e-9}).raise_for_status()
    server.client.post(f"/api/runs/{run}/stop").raise_for_status()
    found = learning_rates()
    assert [found.count(learning_rate) for learning_rate in rounds] == [1] * len(rounds)


def test_what_is_changed_while_a_run_is_queued_holds_when_it_starts(server: LiveServer) -> None:
    busy = [server.start(config=SLOW)["id"] for _ in range(2)]
    for run in busy:
        server.wait(run, "running")
    queued = server.start(config=SLOW)["id"]
    server.client.patch(f"/api/runs/{queued}", json={"pace": 1, "learning_rate": 0.5})
    for run in busy:
        server.client.post(f"/api/runs/{run}/stop")
    server.wait(queued, "running")
    server.wait_for_step(queued, 2)
    server.client.post(f"/api/runs/{queued}/stop")
    with open_recording(server.data / f"{queued}.shiftscope") as recording:
        assert recording.values("steps", "learning_rate")[-1] == 0.5
        assert recording.last_seq < 40, "it went on at its old pace"


def test_unknown_experiment(server: LiveServer) -> None:
    response = server.client.post("/api/runs", json={"experiment": "nothing"})
    assert response.status_code == 404
    assert "there is no experiment 'nothing'; there are" in response.json()["detail"]


def test_the_page_and_plotly_are_served_compressed_and_cached_for_good(server: LiveServer) -> None:
    page = server.client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    digest = page.text.split('"static/')[1].split("/")[0]
    for name in ("plotly.min.js", "main.js", "styles/base.css"):
        response = server.client.get(f"/static/{digest}/{name}")
        assert response.status_code == 200
        assert response.headers["cache-control"].endswith("immutable")
        assert response.headers["content-encoding"] == "gzip"
    assert server.client.get("/static/main.js").headers["cache-control"] == "no-cache"


def test_plotly_is_served_as_one_function_in_parentheses(server: LiveServer) -> None:
    own = (Path(str(files("plotly"))) / "package_data" / "plotly.min.js").read_bytes()
    served = server.client.get("/static/plotly.min.js").content
    assert len(served) == len(own) + 2
    begin = served.index(b"? self : this, (() => {")
    assert served[:begin] == own[:begin]
    assert served.rstrip().endswith(b"})));")


def test_a_script_of_another_form_is_served_as_it_is() -> None:
    for script in (b"", b"(function () { return 1; })();", b"(f)(typeof self ? self : this, () => { 1; }); more();"):
        assert compiled_on_arrival(script) == script


@pytest.mark.parametrize(
    "name", ["../pyproject.toml", "%2e%2e/pyproject.toml", ".hidden", "none.js", "/etc/passwd", "", "%00", "a" * 5000]
)
def test_nothing_outside_the_frontend_is_served(server: LiveServer, name: str) -> None:
    assert server.client.get(f"/static/{name}").status_code == 404
