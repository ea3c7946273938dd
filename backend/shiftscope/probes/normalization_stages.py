"""More sites: what batch normalization does, stage by stage."""

from __future__ import annotations

from shiftscope.engine.probe import Probe, Tier
from shiftscope.tracing.layers import STAGES as SITES

STAGES = Probe(
    "stages",
    "all that is measured at sites also for the normalization's input and its output before gamma and beta",
    (),
    tier=Tier.FULL,
    sites=frozenset(SITES),
)
