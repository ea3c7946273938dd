"""`make bench`: what it begins first, what it keeps, and that its pages are whole whenever it ends."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.waiting import PATIENCE, eventually

TABLE = "<!-- overhead: written by make bench -->\n<!-- /overhead -->"
QUICK = '"""What {name} costs."""\nimport json\nprint(json.dumps({{"W1": {{"full": 2.5}}}}))\n'
ENDLESS = (
    '"""What {name} costs."""\nimport os, pathlib, time\n'
    "pathlib.Path(__file__).with_suffix('.pid').write_text(str(os.getpid()))\nwhile True: time.sleep(60)\n"
)


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A repository whose benchmarks are all measured at once."""
    for name in ("suite.py", "report.py"):
        (tmp_path / "benchmarks").mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / "benchmarks" / name, tmp_path / "benchmarks")
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(f"# A program\n\n{TABLE}\n\nMore of it.\n")
    for name in names():
        (tmp_path / "benchmarks" / f"{name}.py").write_text(QUICK.format(name=name))
    return tmp_path


def names() -> list[str]:
    text = (REPOSITORY / "benchmarks" / "suite.py").read_text()
    return [line.split('"')[1] for line in text.splitlines() if line.strip().startswith("Benchmark(")]


def suite(bench: Path, *flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(bench / "benchmarks" / "suite.py"), *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def known(bench: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bench / "docs" / "benchmarks.json").read_text())
    return found


def pages_are_whole(bench: Path) -> bool:
    report = runpy.run_path(str(bench / "benchmarks" / "report.py"))
    page, readme = ((bench / name).read_text() for name in ("docs/benchmarks.md", "README.md"))
    made: tuple[str, str] = report["page"](known(bench)), report["readme"](readme, known(bench))
    return (page, readme) == made


def test_what_it_has_no_time_for_keeps_its_figures_and_where_they_are_from(bench: Path) -> None:
    def old(day: str, seconds: int) -> dict[str, Any]:
        origin = {"command": "python", "day": day, "commit": "abc", "seconds": seconds, "machine": "an old one"}
        return origin | {"versions": {}, "figures": {"x": 1.0}}

    before = {"frames": old("2020-02-02", 1), "scale": old("2020-01-01", 1), "load": old("2020-01-01", 10**6)}
    (bench / "docs" / "benchmarks.json").write_text(json.dumps(before))
    said, _ = suite(bench, "--minutes", "60").communicate(timeout=PATIENCE)
    order = [line.split()[0] for line in said.splitlines()]
    assert order[:3] == ["overhead", "logging_cost", "peers"]
    assert order[-3:] == ["scale", "load", "frames"]
    assert sorted(order) == sorted(names())
    assert "it takes some 1000000 s" in said
    found = known(bench)
    assert list(found) == names()
    assert found["load"] == before["load"]
    assert found["scale"]["figures"] == {"W1": {"full": 2.5}}
    page = (bench / "docs" / "benchmarks.md").read_text()
    assert "`python`, 2020-01-01, commit abc, an old one." in page
    assert pages_are_whole(bench)
    assert "| a step that is recorded, tier *full* | 2.50 |" in (bench / "README.md").read_text()


def test_the_pages_are_whole_when_it_is_ended_and_what_it_measured_ends_too(bench: Path) -> None:
    (bench / "benchmarks" / "logging_cost.py").write_text(ENDLESS.format(name="logging_cost"))
    began = bench / "benchmarks" / "logging_cost.pid"
    running = suite(bench)
    eventually(lambda: began.exists() and began.read_text(), "the second benchmark to begin")
    assert known(bench)["overhead"]["figures"] == {"W1": {"full": 2.5}}
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE) != 0
    running.communicate()
    assert list(known(bench)) == ["overhead"]
    assert pages_are_whole(bench)
    with pytest.raises(ProcessLookupError):
        os.kill(int(began.read_text()), 0)


def test_each_benchmark_is_a_script_that_says_what_it_measures() -> None:
    page = runpy.run_path(str(REPOSITORY / "benchmarks" / "report.py"))["page"]
    for name in names():
        found = {"command": "python", "day": "2020-01-01", "machine": "one", "versions": {}, "figures": {"x": 1.0}}
        assert f"## {name}" not in page({name: found})
