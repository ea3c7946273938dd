"""What a run waits for on a cluster, in words, without one."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shiftscope.config import Resources
from shiftscope.launchers.base import Amount, Node, Request, Standing, Waiting
from shiftscope.launchers.local import LocalLauncher
from shiftscope.launchers.ray import RayLauncher
from shiftscope.launchers.ray_messages import Claim, Cluster
from shiftscope.launchers.ray_waits import lacking
from tests.alone import run_alone
from tests.waiting import PATIENCE

GIB = 1 << 30
NODES = (Node(name="a", has=Amount(cpus=4, memory=8 * GIB)), Node(name="b", has=Amount(cpus=2, gpus=1, memory=2 * GIB)))


@pytest.mark.parametrize(
    ("wanted", "free", "said"),
    [
        ((4, 0, 0), Amount(cpus=2), "waits for 4 CPUs; 2 are free"),
        ((1, 1, 0), Amount(cpus=2), "waits for 1 GPUs; 0 are free"),
        ((1, 0, 3 * GIB), Amount(cpus=2, memory=2 * GIB), "waits for 3 GiB of memory; 2 are free"),
        ((3, 0, 0), Amount(cpus=4), "waits for a node with 3 CPUs free"),
        ((8, 0, 0), Amount(cpus=6), "waits for a node with 8 CPUs: the cluster has none"),
        ((4, 1, GIB), Amount(cpus=6), "waits for a node with 4 CPUs, 1 GPUs, 1 GiB of memory: the cluster has none"),
    ],
)
def test_what_lacks_is_named(wanted: tuple[int, int, int], free: Amount, said: str) -> None:
    cpus, gpus, memory = wanted
    claim = Claim(run="r", cpus=cpus, gpus=gpus, memory=memory)
    assert lacking(claim, Cluster(nodes=NODES, free=free)).text == said


def test_this_machine_refuses_what_it_never_has() -> None:
    async def asked() -> list[str]:
        launcher = LocalLauncher(places=1, threads=1, spare=False)
        wanted = (Resources(), Resources(cpus=1, memory=1e4), Resources(cpus=256), Resources(gpus=1))
        return [reason.code if (reason := launcher.unable(one)) else "" for one in wanted]

    assert run_alone(asked()) == ["", "", "refused.cpus", "refused.gpus"]


def test_a_cluster_refuses_a_student_what_no_node_has() -> None:
    async def asked() -> list[str]:
        ray = RayLauncher(address="nowhere", url="", threads=1)
        unknown = ray.unable(Resources(gpus=64), now=True)
        ray.cluster = Cluster(nodes=NODES, free=Amount())
        found = (
            unknown,
            ray.unable(Resources(gpus=64)),
            ray.unable(Resources(gpus=64), now=True),
            ray.unable(Resources(cpus=4), now=True),
        )
        return [reason.code if reason else "" for reason in found]

    assert run_alone(asked()) == ["", "", "refused.no_such_node", ""]


def test_what_viewers_see_of_a_cluster_that_is_away_names_no_address_and_no_path() -> None:
    async def asked() -> tuple[Standing, list[Waiting]]:
        ray, said = RayLauncher(address="head.internal:6379", url="", threads=1), list[Waiting]()
        ray.trouble = "RuntimeError: no file /home/somebody/ray"
        heard = asyncio.Event()

        def hear(waiting: Waiting) -> None:
            said.append(waiting)
            heard.set()

        training = asyncio.create_task(_wait_for_a_place(ray, Request("r", "somebody", Resources(), hear)))
        await asyncio.wait_for(heard.wait(), PATIENCE)
        ray.withdraw("r")
        await training
        return ray.standing, said

    standing, said = run_alone(asked())
    assert (standing.address, standing.error) == ("head.internal:6379", "RuntimeError: no file /home/somebody/ray")
    assert [one.reason.code for one in said if one.reason] == ["wait.cluster"]
    shown = f"{standing.for_viewers().model_dump_json()} {said}"
    assert "wait.cluster" in shown
    assert not re.search("internal|somebody|RuntimeError", shown)


async def _wait_for_a_place(ray: RayLauncher, request: Request) -> None:
    async with ray.place(request):
        pass


def test_without_ray_it_is_said_what_to_install(tmp_path: Path) -> None:
    start = f"app(['serve', '--launcher', 'ray', '--data', {str(tmp_path)!r}])"
    program = f"import sys\nsys.modules['ray'] = None\nfrom shiftscope.cli import app\n{start}"
    refused = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        '--launcher ray needs Ray, which is not installed here: pip install "shiftscope[cluster]"'
    )


def test_the_server_imports_no_ray() -> None:
    program = "import sys, shiftscope.server.app, shiftscope.launchers.ray; print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
