"""A Ray cluster of separate processes on this machine: a head without cores, and nodes that come and are killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LiveServer, serve

ON_LOOPBACK = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray takes 127.0.0.1 for this machine's address in the network, but where it makes no clusters of several machines."""
STORE_BYTES = 80 << 20
SHORT_PATIENCE = {"RAY_gcs_rpc_server_reconnect_timeout_s": "5"}
"""Ray gives a head that is gone a minute; here it need not."""
QUICK_DEATH = {
    "health_check_initial_delay_ms": 500,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 60_000,
    "health_check_failure_threshold": 3,
}
"""A node that is killed refuses what it is asked, and is given up after a second; one that is slow is waited for."""


class RayCluster:
    """What `ray start` makes on several machines, on one."""

    def __init__(self) -> None:
        os.environ |= ON_LOOPBACK | SHORT_PATIENCE
        self._cluster = pytest.importorskip(
            "ray.cluster_utils", reason="Ray is not installed: pip install 'shiftscope[cluster]'"
        ).Cluster()
        self._head = self._add("head", 0, _system_config=QUICK_DEATH)
        self._address = str(self._cluster.address)
        self._nodes: dict[str, Any] = {}

    @property
    def address(self) -> str:
        return self._address

    def add(self, name: str, cpus: int = 1) -> None:
        self._nodes[name] = self._add(name, cpus)

    def kill(self, name: str) -> None:
        """Let a node die as it does where the power fails: Ray's process on it is killed, and what it started ends."""
        self._kill(self._nodes.pop(name))

    def kill_head(self) -> None:
        self._kill(self._head)

    def begin_again(self, name: str, cpus: int) -> None:
        """Start another cluster, of a head and one node, where the one was whose head was killed."""
        for node in self._nodes.values():
            self._kill(node)
        self._cluster = type(self._cluster)()
        port = int(self._address.rpartition(":")[2])
        self._head = self._add("head", 0, _system_config=QUICK_DEATH, gcs_server_port=port)
        self._nodes = {name: self._add(name, cpus)}

    def close(self) -> None:
        for node in (*self._nodes.values(), self._head):
            node.kill_all_processes(check_alive=False, allow_graceful=False)

    def _add(self, name: str, cpus: int, **more: Any) -> Any:
        return self._cluster.add_node(
            num_cpus=cpus, node_name=name, node_ip_address="127.0.0.1", object_store_memory=STORE_BYTES,
            include_dashboard=False, **more,
        )  # fmt: skip

    @staticmethod
    def _kill(node: Any) -> None:
        for processes in node.all_processes.values():
            for info in processes:
                os.kill(info.process.pid, signal.SIGKILL)
                info.process.wait()


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    made = RayCluster()
    try:
        made.add("one")
        made.add("two")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def ray_server(cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose runs are trained on the cluster."""
    with serve_on(cluster, tmp_path_factory.mktemp("ray") / "runs") as running:
        yield running


def serve_on(cluster: RayCluster, data: Path, *flags: str, port: int = 0) -> Any:
    return serve(data, "--launcher", "ray", "--ray-address", cluster.address, *flags, port=port)
