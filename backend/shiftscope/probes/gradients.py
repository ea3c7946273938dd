"""Norms of the loss's gradient with respect to parameters."""

from __future__ import annotations

from shiftscope.engine.parameters import parameter_groups
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.kernels.interpreter import Operation

GRADIENT_NORM = Quantity(
    "gradient_norm", "1",
    "||dL/dp||_2 of the recorded step's batch, for each parameter p (at its own site) and for all parameters of a "
    "layer together (site empty); 0 where the loss does not depend on it, or it is frozen",
    sites="(layer), weight, bias, gamma, beta",
    by_gradients=True,
)  # fmt: skip


def _set_up(setup: ProbeSetup) -> None:
    program = setup.program
    for name, parameters in parameter_groups(setup.network, frozen=True):
        if not parameters:
            continue
        first = program.gradients(list(parameters.values()))
        whole = setup.add(GRADIENT_NORM, name)
        program.add(Operation.WRITE_NORM, first, whole, argument=len(parameters))
        for slot, own in enumerate(parameters, start=first):
            place = setup.add(GRADIENT_NORM, name, own)
            program.add(Operation.SQUARES, slot)
            program.add(Operation.WRITE_NORM, slot, place, argument=1)


GRADIENT_NORMS = Probe(
    "gradient_norms",
    "gradient norm of each parameter and layer",
    (GRADIENT_NORM,),
    passing=_set_up,
    tier=Tier.ESSENTIAL,
)
