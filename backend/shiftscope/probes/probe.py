"""What a probe is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from shiftscope.probes.plan import NetworkPlan, Plan, Quantity


class Tier(StrEnum):
    """How much is measured; each tier holds the ones before it. Their cost stands in docs/measures.md."""

    ESSENTIAL = "essential"
    STANDARD = "standard"
    FULL = "full"


@dataclass(frozen=True)
class Probe:
    """Something that is measured inside a network at each recorded step."""

    name: str
    tier: Tier
    about: str
    quantities: tuple[Quantity, ...]
    lay: Callable[[Plan, NetworkPlan], None]
    """Lays out the entries for one network and adds the operations that fill them."""
    sites: frozenset[str] = frozenset()
    """Sites that are measured because this probe was chosen."""
