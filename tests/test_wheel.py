"""The wheel, as a user gets it: built, installed into a clean environment without its extra, then with it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import shiftscope
from shiftscope import server_extra
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


class Environment:
    """A clean environment, far from the repository, that pip installs into as a user's does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "venv" / "bin"
        self.variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SHIFTSCOPE", "VIRTUAL"))}
        venv.create(folder / "venv", with_pip=True)

    def install(self, what: str) -> None:
        options = ["-q", "--no-compile", "--disable-pip-version-check", "-c", str(REPOSITORY / "constraints.txt")]
        assert self.run("python", "-m", "pip", "install", *options, what).returncode == 0

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip


@dataclass
class Core:
    """What the core does by itself, done before the extra is installed into the same environment."""

    environment: Environment
    watching: subprocess.CompletedProcess[str]
    help: subprocess.CompletedProcess[str]
    serving: subprocess.CompletedProcess[str]


WATCH = f"""
import json
from importlib.util import find_spec
import torch
import shiftscope

model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scope = shiftscope.watch(model, optimizer=optimizer, to="run.shiftscope")
for _ in range(3):
    optimizer.zero_grad()
    model(torch.randn(5, 4)).sum().backward()
    optimizer.step()
scope.close()
with shiftscope.open_recording("run.shiftscope") as recording:
    steps = recording.steps("steps").tolist()
print(json.dumps({{"steps": steps, "extra": [name for name in {server_extra.MODULES} if find_spec(name)]}}))
"""


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Core:
    environment = Environment(tmp_path_factory.mktemp("clean"))
    environment.install(str(wheel))
    return Core(
        environment,
        watching=environment.run("python", "-W", "error", "-c", WATCH),
        help=environment.run("shiftscope", "--help"),
        serving=environment.run("shiftscope", "serve", "--port", "0"),
    )


def test_the_core_watches_and_reads_without_the_extra(core: Core) -> None:
    assert core.watching.returncode == 0, core.watching.stderr
    seen = json.loads(core.watching.stdout.splitlines()[-1])
    assert seen["steps"] == [0, 1, 2]
    assert set(seen["extra"]) == set()


def test_the_core_has_a_command_line_that_names_the_extra(core: Core) -> None:
    assert core.help.returncode == 0, core.help.stderr
    assert "Commands" in core.help.stdout
    assert core.serving.returncode == 1
    assert core.serving.stderr.splitlines() == [server_extra.lacking("shiftscope serve")]


def test_the_page_runs_with_the_extra(wheel: Path, core: Core) -> None:
    environment = core.environment
    environment.install(f"{wheel}[server]")
    command = [environment.programs / "shiftscope", "serve", "--port", "0", "--no-open-browser"]
    process = subprocess.Popen(
        command, cwd=environment.folder, env=environment.variables,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match
        with httpx.Client(base_url=match[0], timeout=PATIENCE, trust_env=False) as client:
            assert "<title>Shiftscope" in client.get("/").text
            assert client.get("/static/plotly.min.js").status_code == 200
            server = LiveServer(match[0], process, client, environment.folder / "data" / "runs")
            run = server.start(config={"duration": {"kind": "steps", "steps": 20}})
            assert server.wait(run["id"], "finished", "failed")["reason"] is None
    finally:
        process.terminate()
        process.wait(PATIENCE)
