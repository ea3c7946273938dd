"""An experiment is one module: listed in the catalogue, it runs headless and through the API."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shiftscope.runs.verify import verify
from tests.conftest import REPOSITORY, serve
from tests.experiments import toy

LISTED = (
    "from shiftscope.experiments import catalogue; from tests.experiments import toy; catalogue.CLAIMS += (toy.CLAIM,)"
)
"""What the catalogue's one line does, in every process of the server's."""


def test_a_module_alone_runs_headless(tmp_path: Path) -> None:
    (finding,) = verify([toy.CLAIM], datasets=tmp_path, jobs=1)
    assert finding.problem == ""
    assert finding.verdict is not None
    assert finding.verdict.kind == "supported"
    (figures,) = finding.measured[toy.LABEL]
    loss = figures["without BN/loss_a_second"] * figures["without BN/step_seconds"]
    assert loss == pytest.approx(figures["without BN/mean_loss"])
    assert finding.verdict == toy.CLAIM.judge(finding.measured)


def test_a_module_that_is_listed_runs_through_the_api(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LISTED, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path), str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    with serve(tmp_path / "runs", PYTHONPATH=path) as server:
        shown = {one["id"]: one for one in server.client.get("/api/experiments").json()}["toy"]
        assert (shown["group"], shown["title"], shown["next"]["network"]["depth"]) == ("others", "A toy", 2)
        trial = server.client.post("/api/experiments/toy").json()
        (run,) = trial["runs"]
        server.wait(run["run"]["id"], "finished", "failed")
        done = server.client.get(f"/api/trials/{trial['id']}").json()
    assert not done["reason"], done["reason"]
    assert done["verdict"]["kind"] == "supported"
    (ended,) = done["runs"]
    assert done["verdict"]["parts"][0]["outcome"] == "holds"
    assert ended["measured"]["without BN/mean_loss"] > 0
