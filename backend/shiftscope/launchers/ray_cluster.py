"""A Ray cluster, as far as a server or a command wants to know it. Knows Ray; what does not need it imports none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ray

from shiftscope.launchers.base import Amount, Node
from shiftscope.launchers.ray_messages import Cluster

LOCAL_STORE_BYTES = 256 << 20
"""Ray's object store where this program starts a cluster: next to nothing goes through it."""


@dataclass(frozen=True)
class Seen:
    """The cluster at one moment.

    Attributes:
        report: what is said of it.
        names: of every node there ever was, by id.
        alive: the ids of those that are there.
    """

    report: Cluster = Cluster(nodes=(), free=Amount())  # noqa: RUF009  frozen
    names: Mapping[str, str] = field(default_factory=dict)
    alive: frozenset[str] = frozenset()

    def name(self, node: str) -> str:
        """Return what people call a node."""
        return self.names.get(node, node[:8])


def connect(address: str) -> None:
    """Become a driver of the cluster at an address: "auto", "local" for one of this machine's own, host:port, ray://.

    Raises ConnectionError, RuntimeError, ValueError: there is none.
    """
    own: dict[str, Any] = {}
    if address == "local":
        own = {"include_dashboard": False, "object_store_memory": LOCAL_STORE_BYTES}
    ray.init(address=address, namespace="shiftscope", log_to_driver=False, configure_logging=False, **own)


def look() -> Seen:
    """Ask Ray what there is. Raises RayError."""
    nodes: list[dict[str, Any]] = ray.nodes()
    names = {one["NodeID"]: _name(one, nodes) for one in nodes}
    alive = [one for one in nodes if one["Alive"]]
    report = Cluster(
        nodes=tuple(
            sorted(
                (Node(name=names[one["NodeID"]], has=_amount(one["Resources"])) for one in alive),
                key=lambda node: node.name,
            )
        ),
        free=_amount(ray.available_resources()),
    )
    return Seen(report, names, frozenset(one["NodeID"] for one in alive))


def _name(node: Mapping[str, Any], nodes: list[dict[str, Any]]) -> str:
    """Return the name that was given to a node, or that of its machine; with its id where several live on one."""
    given = node.get("NodeName") or ""
    if given and given != node["NodeManagerAddress"]:
        return str(given)
    host = str(node.get("NodeManagerHostname") or node["NodeManagerAddress"])
    shared = sum(other.get("NodeManagerHostname") == node.get("NodeManagerHostname") for other in nodes) > 1
    return f"{host} ({node['NodeID'][:6]})" if shared else host


def _amount(found: Mapping[str, float]) -> Amount:
    return Amount(cpus=found.get("CPU", 0), gpus=found.get("GPU", 0), memory=found.get("memory", 0))
