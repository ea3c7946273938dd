"""What the tests share: one real server, and the means to start one's own."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import subprocess
import sys
import warnings
import weakref
from collections.abc import Generator, Iterator
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
def _what_is_compiled_ends_with_its_test() -> Iterator[None]:
    """Forget what a test compiled: a process that has compiled anything is one in which functions are not observed."""
    yield
    dynamo = sys.modules.get("torch._dynamo")
    compiling = sys.modules.get("torch._dynamo.eval_frame")
    if dynamo is not None and compiling is not None and compiling.cached_backends:
        dynamo.reset()


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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, and later on not in what was.

    Of some seven thousand tests and what they import nothing goes away, and it is much to look through: for each full
    collection, which many tests ask for, and for each network that may be compiled.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


FIRST = (
    "test_container.py",  # waits for an image
    "test_wheel.py",  # waits for an installation
    "test_chaos.py",  # waits for what it has stopped
    "cluster/",  # waits for processes that come and are killed
    "loops/test_failures.py",
    "browser/test_run.py",
    "browser/test_accessibility.py",
    "runs/test_verify.py",
    "browser/test_charts.py",
    "server/test_forks.py",
    "server/test_faults.py",
    "loops/test_loops.py",
    "server/test_api.py",
    "server/test_trials.py",
    "loops/test_scripts.py",
    "engine/test_signals.py",
    "test_scope.py",
    "extras/test_timm.py",
    "browser/",
    "measurements/test_measurements.py",
    "server/",
    "kernels/test_compile.py",
    "probes/test_check_probe.py",
    "hostile/",
    "test_cli.py",
    "test_core.py",
)
"""The files that take longest, in this order: of workers that take one file after the other none is left alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first."""

    def place(item: pytest.Item) -> int:
        return next((at for at, part in enumerate(FIRST) if part in item.nodeid), len(FIRST))

    items.sort(key=place)


def mnist_folder() -> Path | None:
    """Return a folder with the real MNIST files, where there is one."""
    candidates = [Path(os.environ.get("SHIFTSCOPE_DATASETS", "data/datasets")), REPOSITORY.parent / "shared" / "data"]
    return next((folder for folder in candidates if (folder / "mnist" / "train-images-idx3-ubyte.gz").is_file()), None)


UNDER_WAY = {"queued", "preparing", "running", "paused"}


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

    def under_way(self) -> set[str]:
        """Return the ids of the runs that are trained here, or wait for a place."""
        runs = self.client.get("/api/runs").raise_for_status().json()
        return {run["id"] for run in runs if run["source"] == "worker" and run["state"] in UNDER_WAY}

    def wait(self, run_id: str, *states: str) -> dict[str, Any]:
        """Return the run once it is in one of the states."""
        eventually(lambda: self.run(run_id)["state"] in states, lambda: f"{self.run(run_id)}, not {states}")
        return self.run(run_id)

    def wait_for_step(self, run_id: str, step: int) -> dict[str, Any]:
        """Return the run once it has done so many steps; one that has ended before will not."""

        def there() -> bool:
            run = self.run(run_id)
            assert run["step"] >= step or run["state"] in UNDER_WAY, run
            return bool(run["step"] >= step)

        eventually(there, lambda: self.run(run_id))
        return self.run(run_id)


@contextmanager
def serve(data: Path, *flags: str, port: int = 0, **environment: str) -> Iterator[LiveServer]:
    """Run `shiftscope serve` on a free port of this machine."""
    variables = os.environ | {"SHIFTSCOPE_OPEN_BROWSER": "0", "SHIFTSCOPE_SPARE_WORKER": "0"} | environment
    command = [SERVER, "-m", "shiftscope.cli", "serve", "--port", str(port), "--data", str(data), *flags]
    with (
        (data.parent / f"{data.name}.log").open("a+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=variables) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.search(r"http://\S+", line)
            assert match, f"{line!r} {Path(log.name).read_text()}"
            with httpx.Client(base_url=match[0], timeout=PATIENCE, trust_env=False) as client:
                yield LiveServer(match[0], process, client, data)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


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


@pytest.fixture(autouse=True)
def _no_run_goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """Stop what a test leaves training on the shared server: there are two places, and others wait for them."""
    if "server" not in request.fixturenames:
        yield
        return
    server: LiveServer = request.getfixturevalue("server")
    before = server.under_way()
    yield
    for run in server.under_way() - before:
        server.client.post(f"/api/runs/{run}/stop")  # it may have ended by itself meanwhile
