"""The wheel, as a user gets it: built, installed into a clean environment, started far from the repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

import shiftscope
from tests.conftest import REPOSITORY, LiveServer
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def test_the_page_travels_in_the_wheel_and_nothing_else_does(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    in_repository = subprocess.check_output(["git", "ls-files", "frontend"], cwd=REPOSITORY, text=True).split()
    page = {name for name in in_repository if Path(name).suffix in {".html", ".css", ".svg"} or name.endswith(".js")}
    assert {f"shiftscope/{name}" for name in page} <= set(names)
    assert not [name for name in names if "node_modules" in name or "test" in Path(name).name]
    assert {name.split("/")[0] for name in names} == {"shiftscope", f"shiftscope-{shiftscope.__version__}.dist-info"}


def test_it_runs_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "--no-compile", "--disable-pip-version-check"]
    subprocess.run(
        [*install, "-c", REPOSITORY / "constraints.txt", wheel], check=True, capture_output=True, cwd=tmp_path
    )
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SHIFTSCOPE", "VIRTUAL"))}
    command = [tmp_path / "venv" / "bin" / "shiftscope", "serve", "--port", "0", "--no-open-browser"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match
        with httpx.Client(base_url=match[0], timeout=PATIENCE, trust_env=False) as client:
            assert "<title>Shiftscope" in client.get("/").text
            assert client.get("/static/plotly.min.js").status_code == 200
            server = LiveServer(match[0], process, client, tmp_path / "data" / "runs")
            run = server.start(config={"duration": {"kind": "steps", "steps": 20}})
            assert server.wait(run["id"], "finished", "failed")["reason"] is None
    finally:
        process.terminate()
        process.wait(PATIENCE)
