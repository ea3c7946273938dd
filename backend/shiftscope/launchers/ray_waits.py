"""What a run waits for on a cluster, in words."""

from __future__ import annotations

from shiftscope.config.resources import GIB
from shiftscope.launchers.base import Amount
from shiftscope.launchers.ray_messages import Claim, Cluster
from shiftscope.notices import Notice, notice


def lacking(claim: Claim, cluster: Cluster) -> Notice:
    """Return what a run lacks that waits: what no node has at all, what is not free, or a node with all of it free."""
    wanted = _wanted(claim)
    if not _known(wanted, cluster):
        return notice("wait.no_such_node", asked=_words(wanted))
    free = cluster.free
    if wanted.cpus > free.cpus:
        return notice("wait.cpus", asked=claim.cpus, free=round(free.cpus, 2))
    if wanted.gpus > free.gpus:
        return notice("wait.gpus", asked=claim.gpus, free=round(free.gpus, 2))
    if wanted.memory > free.memory:
        return notice("wait.memory", asked=round(wanted.memory / GIB, 2), free=round(free.memory / GIB, 2))
    return notice("wait.node", asked=_words(wanted))


def refused(claim: Claim, cluster: Cluster) -> Notice | None:
    """Return why no node that there is could ever train a run; None where one could."""
    wanted = _wanted(claim)
    return None if _known(wanted, cluster) else notice("refused.no_such_node", asked=_words(wanted))


def _wanted(claim: Claim) -> Amount:
    return Amount(cpus=claim.cpus, gpus=claim.gpus, memory=claim.memory)


def _known(wanted: Amount, cluster: Cluster) -> bool:
    return any(_fits(wanted, node.has) for node in cluster.nodes)


def _fits(wanted: Amount, found: Amount) -> bool:
    return wanted.cpus <= found.cpus and wanted.gpus <= found.gpus and wanted.memory <= found.memory


def _words(wanted: Amount) -> tuple[str | Notice, ...]:
    parts: list[Notice] = [notice("resources.cpus", count=int(wanted.cpus))]
    if wanted.gpus:
        parts.append(notice("resources.gpus", count=int(wanted.gpus)))
    if wanted.memory:
        parts.append(notice("resources.memory", gib=round(wanted.memory / GIB, 2)))
    return tuple(parts)
