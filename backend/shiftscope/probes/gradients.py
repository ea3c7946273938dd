"""Norms of the loss's gradient with respect to parameters."""

from __future__ import annotations

from shiftscope.engine.parameters import parameter_groups
from shiftscope.engine.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream
from shiftscope.kernels.interpreter import Operation

GRADIENT_NORM = Quantity(
    "gradient_norm", "1",
    "||dL/dp||_2 of the recorded step's batch, for each parameter p (at its own site) and for all parameters of a "
    "layer together (site empty); 0 where the loss does not depend on it",
    sites="(layer), weight, bias, gamma, beta",
)  # fmt: skip


def _lay(plan: Plan, network: NetworkPlan) -> None:
    for name, parameters in parameter_groups(network):
        if not parameters:
            continue
        first = network.program.gradients(list(parameters.values()))
        whole = plan.add(Stream.LAYERS, GRADIENT_NORM, Spot(network.name, name))
        network.program.add(Operation.WRITE_NORM, first, whole, argument=len(parameters))
        for slot, own in enumerate(parameters, start=first):
            place = plan.add(Stream.LAYERS, GRADIENT_NORM, Spot(network.name, name, own))
            network.program.add(Operation.SQUARES, slot)
            network.program.add(Operation.WRITE_NORM, slot, place, argument=1)


GRADIENT_NORMS = Probe(
    "gradient_norms", Tier.ESSENTIAL, "gradient norm of each parameter and layer", (GRADIENT_NORM,), _lay
)
