from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shiftscope.config import RunConfig
from shiftscope.experiments.catalogue import CLAIMS, find
from shiftscope.experiments.claims.common import shorter
from shiftscope.experiments.experiment import Claim
from shiftscope.runs.verify import Finding, line, markdown, verify
from tests.waiting import PATIENCE


def shiftscope_verify(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shiftscope.cli", "verify", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment, timeout=PATIENCE
    )


def brief(name: str) -> Claim:
    """Return an experiment with few steps: that many more are measured alike is nothing that verify does."""
    claim = find(name)
    runs = shorter(claim.experiment.runs, 60)
    return replace(claim, experiment=claim.experiment.model_copy(update={"runs": runs, "quick": ()}))


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """Three experiments, each with two seeds."""
    claims = [brief(name) for name in ("redundant-bias", "two-axes", "input-scaling")]
    return list(verify(claims, datasets=tmp_path_factory.mktemp("datasets"), seeds=2, jobs=2))


def test_a_finding_holds_what_its_verdict_rests_on(findings: list[Finding]) -> None:
    assert [finding.claim for finding in findings] == [10, 20, 18]
    for finding in findings:
        assert finding.problem == ""
        assert finding.verdict == find(finding.experiment).judge(finding.measured)
        assert set(finding.config) == set(finding.measured)
        assert finding.seconds > 0
        # what is printed can be judged again by whoever reads it
        read = Finding.model_validate_json(finding.model_dump_json())
        assert find(read.experiment).judge(read.measured) == finding.verdict


def test_what_is_certain_is_supported(findings: list[Finding]) -> None:
    bias, axes, _ = findings
    assert bias.verdict is not None
    assert axes.verdict is not None
    assert (bias.verdict.kind, axes.verdict.kind) == ("supported", "supported")
    measured = axes.measured["batch and layer"][0]
    assert [measured[f"batch/{place}"] for place in ("00", "01", "10", "11")] == pytest.approx([-1, -1, 1, 1])
    assert [measured[f"layer/{place}"] for place in ("00", "01", "10", "11")] == pytest.approx([-1, 1, -1, 1])


def test_findings_as_lines_and_as_a_document(findings: list[Finding]) -> None:
    assert line(findings[0]).startswith("10 redundant-bias (2 seeds, ")
    assert line(findings[0].model_copy(update={"seeds": 1})).startswith("10 redundant-bias (1 seed, ")
    document = markdown(findings, "shiftscope verify --quick")
    assert "Written by `shiftscope verify --quick`" in document
    assert "| 20 | Two axes, two normalizations | Supported: " in document
    assert "## 10. A bias for nothing" in document


def test_each_seed_is_measured(findings: list[Finding]) -> None:
    _, axes, scaling = findings
    assert {finding.seeds for finding in findings} == {2}
    (runs,) = axes.measured.values()
    assert len(runs) == 2
    assert runs[0]["batch norm/depends"] != runs[1]["batch norm/depends"]
    assert {label: len(runs) for label, runs in scaling.measured.items()} == {"raw": 2, "standardized": 2}


def test_the_command_lists_the_experiments() -> None:
    lines = shiftscope_verify("--list").stdout.splitlines()
    assert len(lines) == len(CLAIMS) == 23
    assert lines[0].startswith(" 1 mnist-table: ")


def test_the_command_prints_an_object_a_line() -> None:
    result = shiftscope_verify("10", "--quick", "--json", "--jobs", "1")
    assert result.returncode == 0, result.stderr
    (text,) = result.stdout.splitlines()
    found = json.loads(text)
    assert {"claim", "verdict", "measured", "config", "seconds"} <= set(found)
    assert found["verdict"]["kind"] == "supported"
    (config,) = found["config"].values()
    assert RunConfig.model_validate(config) == find("10").experiment.config


def test_an_unknown_name_is_told_what_there_is() -> None:
    result = shiftscope_verify("nothing")
    assert result.returncode == 2
    assert "there is no experiment 'nothing'; there are mnist-table" in result.stderr


def test_data_that_cannot_be_had_are_a_reason_and_not_a_verdict(tmp_path: Path) -> None:
    nowhere = {"SHIFTSCOPE_MIRRORS": "http://127.0.0.1:9/mnist", "SHIFTSCOPE_DATASETS": str(tmp_path)}
    result = shiftscope_verify("mnist-table", "redundant-bias", "--quick", "--jobs", "2", **nowhere)
    assert result.returncode == 1
    first, second = result.stdout.splitlines()
    assert first.startswith(" 1 mnist-table (1 seed, ")
    assert "Not run. 784-32-32-10: " in first
    assert "train-images-idx3-ubyte.gz" in first
    assert "Supported" in second
