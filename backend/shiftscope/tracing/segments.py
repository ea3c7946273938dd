"""Networks that are chains: one layer after the other, each taking what the last passed on."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn


def segments(network: nn.Module, linears: Sequence[nn.Module]) -> list[list[nn.Module]] | None:
    """Cut a chain into a segment for each of its linear maps: run one after the other they are the network.

    A chain is an nn.Sequential whose elements, those of nested ones included, hold at most one linear map each, and
    these in the given order. Returns None for any other network. What comes before the first map is part of the first
    segment.
    """
    links = _links(network)
    if links is None:
        return None
    cut: list[list[nn.Module]] = [[]]
    found: list[nn.Module] = []
    known = {id(linear) for linear in linears}
    for link in links:
        inside = [module for module in link.modules() if id(module) in known]
        if len(inside) > 1:
            return None
        if inside and found:
            cut.append([])
        found.extend(inside)
        cut[-1].append(link)
    in_order = [id(module) for module in found] == [id(linear) for linear in linears]
    return cut if in_order and linears else None


def _links(module: nn.Module) -> list[nn.Module] | None:
    if getattr(module.forward, "__func__", None) is not nn.Sequential.forward:
        return None
    links: list[nn.Module] = []
    for child in module.children():
        links.extend(_links(child) or [child])
    return links
