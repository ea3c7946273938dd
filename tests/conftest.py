"""What the tests share: one real server, and the means to start one's own."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest

from tests.waiting import PATIENCE, eventually

# Tiny networks gain nothing from threads, and lose much where other processes want the cores too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says something about the machine, not about the program.
hypothesis.settings.register_profile("shiftscope", deadline=None)
hypothesis.settings.load_profile("shiftscope")

REPOSITORY = Path(__file__).resolve().parents[1]

SERVER = os.environ.get("SHIFTSCOPE_TEST_SERVER", sys.executable)
"""The Python that servers run in: another one where that of the tests has the core alone (scripts/check-lowest)."""


@pytest.fixture(autouse=True)
def _scopes_end_with_their_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what a test leaves open: a scope follows every optimizer, those of later tests too."""
    module = sys.modules.get("shiftscope.scope")
    if module is None:
        yield
        return
    made: list[weakref.ref[Any]] = []
    begin = module.Scope.__init__

    def note(scope: Any, *arguments: Any) -> None:
        made.append(weakref.ref(scope))
        begin(scope, *arguments)

    monkeypatch.setattr(module.Scope, "__init__", note)
    yield
    for scope in (one() for one in made):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # One whose making failed has nothing to close.
            with contextlib.suppress(Exception):
                scope.close()


FIRST = (
    "test_container.py",  # waits for an image
    "test_wheel.py",  # waits for an installation
    "server/test_api.py",
    "browser/test_gallery.py",
    "measurements/test_measurements.py",
    "server/test_faults.py",
    "server/test_trials.py",
    "extras/test_timm.py",
    "browser/test_run.py",
    "browser/test_charts.py",
    "runs/test_verify.py",
    "browser/",
    "server/",
    "test_cli.py",
)
"""The files that take longest, in this order: of two workers that take one file after the other none is left alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first."""

    def place(item: pytest.Item) -> int:
        return next((at for at, part in enumerate(FIRST) if part in item.nodeid), len(FIRST))

    items.sort(key=place)


def mnist_folder() -> Path | None:
    """Return a folder with the real MNIST files, where there is one."""
    candidates = [Path(os.environ.get("SHIFTSCOPE_DATASETS", "data/datasets")), REPOSITORY.parent / "shared" / "data"]
    return next((folder for folder in candidates if (folder / "mnist" / "train-images-idx3-ubyte.gz").is_file()), None)


@dataclass
class LiveServer:
    """A server process and a client that speaks to it."""

    url: str
    process: subprocess.Popen[str]
    client: httpx.Client
    data: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def run(self, run_id: str) -> dict[str, Any]:
        return self.client.get(f"/api/runs/{run_id}").raise_for_status().json()

    def start(self, **wanted: Any) -> dict[str, Any]:
        response = self.client.post("/api/runs", json=wanted)
        assert response.status_code == 201, response.text
        return response.json()

    def wait(self, run_id: str, *states: str) -> dict[str, Any]:
        """Return the run once it is in one of the states."""
        eventually(lambda: self.run(run_id)["state"] in states, lambda: f"{self.run(run_id)}, not {states}")
        return self.run(run_id)

    def wait_for_step(self, run_id: str, step: int) -> dict[str, Any]:
        """Return the run once it has done so many steps; one that has ended before will not."""

        def there() -> bool:
            run = self.run(run_id)
            assert run["step"] >= step or run["state"] in {"queued", "preparing", "running", "paused"}, run
            return bool(run["step"] >= step)

        eventually(there, lambda: self.run(run_id))
        return self.run(run_id)


@contextmanager
def serve(data: Path, *flags: str, port: int = 0, **environment: str) -> Iterator[LiveServer]:
    """Run `shiftscope serve` on a free port of this machine."""
    variables = os.environ | {"SHIFTSCOPE_OPEN_BROWSER": "0", "SHIFTSCOPE_SPARE_WORKER": "0"} | environment
    command = [SERVER, "-m", "shiftscope.cli", "serve", "--port", str(port), "--data", str(data), *flags]
    with (data.parent / f"{data.name}.log").open("a+") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=variables)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.search(r"http://\S+", line)
            assert match, f"{line!r} {Path(log.name).read_text()}"
            with httpx.Client(base_url=match[0], timeout=PATIENCE, trust_env=False) as client:
                yield LiveServer(match[0], process, client, data)
        finally:
            process.terminate()
            process.wait(PATIENCE)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all tests that do not harm it."""
    datasets = mnist_folder() or tmp_path_factory.mktemp("datasets")
    data = tmp_path_factory.mktemp("server") / "runs"
    with serve(data, "--datasets", str(datasets), "--workers", "2", SHIFTSCOPE_SPARE_WORKER="1") as running:
        yield running


@pytest.fixture(scope="session")
def server_url(server: LiveServer) -> str:
    return server.url
