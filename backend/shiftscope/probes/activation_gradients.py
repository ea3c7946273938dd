"""Norms of the loss's gradient with respect to activations."""

from __future__ import annotations

from shiftscope.engine.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream
from shiftscope.kernels.interpreter import Operation

NORM = Quantity(
    "activation_gradient_norm", "1", "||dL/da||_2 over all values a of the site, of the recorded step's batch",
    sites="linear_output, pre_activation, output",
)  # fmt: skip


def _lay(plan: Plan, network: NetworkPlan) -> None:
    for layer, site in network.measured_sites():
        if site.normalization is None:
            place = plan.add(Stream.LAYERS, NORM, Spot(network.name, layer.name, site.name))
            index = network.program.see(site, gradient=True)
            network.program.add(Operation.WRITE_GRADIENT, index, place)


ACTIVATION_GRADIENTS = Probe(
    "activation_gradients", Tier.FULL, "gradient norm of each site's values", (NORM,), _lay, activation_gradients=True
)
