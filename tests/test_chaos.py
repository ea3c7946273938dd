"""Five rounds of each kind of benchmarks/chaos.py, and a short soak; `make nightly` has all of both."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.waiting import PATIENCE

KINDS = ("server", "worker", "script", "viewer", "stopped", "script-stopped", "disk", "folder", "clock", "cut")
ROUNDS = 5


@pytest.mark.timeout(5 * PATIENCE)
def test_nothing_is_lost_and_what_is_said_is_so() -> None:
    command = [sys.executable, "benchmarks/chaos.py", "--json", "--seed", "1", "--rounds", str(ROUNDS * len(KINDS))]
    ran = subprocess.run(
        [*command, "--kinds", *KINDS], cwd=REPOSITORY, capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    found = json.loads(ran.stdout)
    assert list(found) == list(KINDS)
    assert all(row["frames"] > 0 for kind, row in found.items() if kind != "folder")  # whose recordings are gone
    for row in found.values():
        assert (row["rounds"], row["lost"], row["twice"], row["faults"]) == (ROUNDS, 0, 0, 0)


def test_memory_files_and_threads_stay() -> None:
    command = [sys.executable, "benchmarks/soak.py", "--json", "--minutes", "0.25", "--rate", "500", "--frames", "1500"]
    ran = subprocess.run(
        [*command, "--viewers", "5"], cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert set(json.loads(ran.stdout)) == {"memory_mb", "files", "threads"}
