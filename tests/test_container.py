"""docker compose, on a real engine: the same page, kept recordings, and as little power as it needs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import REPOSITORY, LiveServer
from tests.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

PROJECT = "shiftscope-test"
COMPILED = """
from pathlib import Path
from shiftscope.kernels import jit, loading
loading.load_now()
print([path.name for path in Path(jit.cache_folder()).rglob("*.nb?") if not path.is_symlink()])
"""
"""Prints what had to be compiled until all kernels were there."""


def _compose_command() -> list[str] | None:
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        return None
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


class Stack:
    def __init__(self, command: list[str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._command = [*command, "--project-name", PROJECT, "--project-directory", str(REPOSITORY)]

    def compose(self, *arguments: str, **variables: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=REPOSITORY, env=os.environ | {"SHIFTSCOPE_PORT": str(self.port)} | variables,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
        return done.stdout

    @property
    def container(self) -> str:
        return self.compose("ps", "-q", "shiftscope").strip()

    def inspect(self) -> dict[str, Any]:
        return json.loads(subprocess.check_output(["docker", "inspect", self.container]))[0]

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["docker", "exec", self.container, *command], capture_output=True, text=True, check=False)

    def wait_until_healthy(self) -> None:
        def health() -> dict[str, Any]:
            return self.inspect()["State"]["Health"]

        eventually(lambda: health()["Status"] == "healthy", health, every=0.5)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    command = _compose_command()
    if command is None:
        pytest.skip("no Docker engine with compose answers")
    stack = Stack(command)
    try:
        stack.compose("up", "-d", "--build")
        stack.wait_until_healthy()
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "5")


def test_the_page_trains_and_its_recordings_outlive_the_container(stack: Stack) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.port}", timeout=PATIENCE, trust_env=False) as client:
        assert "<title>Shiftscope" in client.get("/").text
        server = LiveServer(str(client.base_url), None, client, None)  # type: ignore[arg-type]
        run = server.start(config={"duration": {"kind": "steps", "steps": 50}})["id"]
        done = server.wait(run, "finished", "failed")
        assert (done["state"], done["reason"]) == ("finished", None)
        stack.compose("up", "-d", "--force-recreate")
        stack.wait_until_healthy()
        assert server.run(run) == done
        assert client.get("/", headers={"host": "evil.example"}).status_code == 403


def test_it_has_no_power_that_it_does_not_need(stack: Stack) -> None:
    found = stack.inspect()
    assert stack.execute("id", "-u").stdout.strip() == "10001"
    assert found["HostConfig"]["ReadonlyRootfs"] is True
    assert stack.execute("touch", "/opt/shiftscope/x").returncode != 0
    assert found["HostConfig"]["CapDrop"] == ["ALL"]
    assert found["HostConfig"]["Memory"] == 4 << 30
    assert found["HostConfig"]["PidsLimit"] == 1024
    assert "size=1g" in found["HostConfig"]["Tmpfs"]["/tmp"]
    assert found["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostIp"] == "127.0.0.1"


def test_what_measures_was_compiled_with_the_image(stack: Stack) -> None:
    found = stack.execute("python", "-c", COMPILED)
    assert (found.stdout.strip(), found.returncode) == ("[]", 0), found.stderr


def test_recordings_of_an_earlier_version_are_there_after_an_upgrade(stack: Stack) -> None:
    golden = sorted((REPOSITORY / "tests" / "golden").glob("*/run.shiftscope"))
    assert golden
    for file in golden:
        with file.open("rb") as content:
            command = [
                "docker",
                "exec",
                "-i",
                stack.container,
                "sh",
                "-c",
                f"cat > /data/runs/{file.parent.name}.shiftscope",
            ]
            subprocess.run(command, stdin=content, check=True)
    stack.compose("up", "-d", "--force-recreate")
    stack.wait_until_healthy()
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.port}", timeout=PATIENCE, trust_env=False) as client:
        found = {run["file"]: run for run in client.get("/api/runs").json()}
        for file in golden:
            run = found[f"{file.parent.name}.shiftscope"]
            assert run["damage"] is None
            assert client.get(f"/api/runs/{run['id']}/curve").status_code == 200


def test_two_lines_share_it_and_a_profile_brings_tls(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        tls = free.getsockname()[1]
    public = f"https://127.0.0.1:{tls}"
    variables = {
        "SHIFTSCOPE_ADDRESS": "0.0.0.0",
        "SHIFTSCOPE_SHARE": "1",
        "SHIFTSCOPE_TLS_PORT": str(tls),
        "SHIFTSCOPE_PUBLIC_URL": public,
    }
    stack.compose("--profile", "tls", "up", "-d", "--build", **variables)
    stack.wait_until_healthy()
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.port}", timeout=PATIENCE, trust_env=False) as stranger:
        assert stranger.get("/").status_code == stranger.get("/api/runs").status_code == 401
    links = stack.execute("shiftscope", "links").stdout
    control = next(line.split()[-1] for line in links.splitlines() if line.startswith("To control:"))
    assert control.startswith(f"{public}/?token=")
    assert control.rpartition("=")[2] not in stack.compose("logs", "shiftscope")
    with httpx.Client(verify=False, timeout=PATIENCE, trust_env=False) as client:
        eventually(lambda: reached(client, public), "nginx to answer", every=0.5)
        answer = client.get(control)
        assert (answer.status_code, "Secure" in answer.headers["set-cookie"]) == (303, True)
        assert "<title>Shiftscope" in client.get(f"{public}/").text
    # Others may reach it, and nobody has a link: it does not start.
    command = ["docker", "exec", "-e", "SHIFTSCOPE_SHARE=0", stack.container, "shiftscope", "serve"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "--share" in refused.stderr


def test_a_profile_brings_a_cluster_whose_nodes_train(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {"SHIFTSCOPE_CLUSTER_PORT": str(port)}
    cluster = ("--profile", "cluster")
    try:
        stack.compose(*cluster, "build", "cluster", **variables)
        stack.compose(*cluster, "up", "-d", "--no-build", "cluster", **variables)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
            eventually(lambda: reached(client, ""), "the server to answer", every=0.5)
            nodes = eventually(lambda: nodes_of(client, 3), "a head and two nodes", every=0.5)
            assert sorted(node["has"]["cpus"] > 0 for node in nodes) == [False, True, True]
            server = LiveServer(str(client.base_url), None, client, None)  # type: ignore[arg-type]
            run = server.start(config={"duration": {"kind": "steps", "steps": 50}})["id"]
            done = server.wait(run, "finished", "failed")
            assert (done["state"], done["reason"]) == ("finished", None)
            assert done["node"] in {node["name"] for node in nodes if node["has"]["cpus"]}
    finally:
        stack.compose(*cluster, "rm", "--stop", "--force", "-v", "cluster", "node", "head", **variables)


def nodes_of(client: httpx.Client, count: int) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = client.get("/api/cluster").json()["nodes"]
    return nodes if len(nodes) == count else []


def reached(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/api/health").status_code == 200
    except httpx.TransportError:
        return False
