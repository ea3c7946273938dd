"""The norm of the whole gradient before and after it is clipped."""

from __future__ import annotations

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.setup import ProbeSetup

BEFORE = Quantity(
    "unclipped_gradient_norm", "1",
    "||dL/dp||_2 over all parameters at the end of the step's last backward pass, without the scale of a GradScaler",
    by_gradients=True,
)  # fmt: skip
AFTER = Quantity(
    "total_gradient_norm", "1",
    "the same as the update uses it: smaller than unclipped_gradient_norm where it was clipped in between",
    source="Pascanu et al. 2013; torch.nn.utils.clip_grad_norm_",
    by_gradients=True,
)  # fmt: skip


def _set_up(setup: ProbeSetup) -> None:
    setup.program.record_clipping(setup.add(BEFORE), setup.add(AFTER))


CLIPPING = Probe(
    "clipping",
    "norm of the whole gradient before and after clipping",
    (BEFORE, AFTER),
    passing=_set_up,
    tier=Tier.FULL,
    needs=frozenset({Need.UNCLIPPED}),
)
