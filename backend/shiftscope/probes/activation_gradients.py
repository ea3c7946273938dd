"""Norms of the loss's gradient with respect to activations."""

from __future__ import annotations

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.kernels.interpreter import Operation

NORM = Quantity(
    "activation_gradient_norm", "1", "||dL/da||_2 over all values a of the site, of the recorded step's batch",
    sites="linear_output, pre_activation, output",
    by_gradients=True,
)  # fmt: skip


def _set_up(setup: ProbeSetup) -> None:
    for layer, site in setup.network.measured_sites():
        if site.normalization is None:
            place = setup.add(NORM, layer.name, site.name)
            index = setup.program.request(site, gradient=True)
            setup.program.add(Operation.WRITE_GRADIENT, index, place)


ACTIVATION_GRADIENTS = Probe(
    "activation_gradients",
    "gradient norm of each site's values",
    (NORM,),
    passing=_set_up,
    tier=Tier.FULL,
    needs=frozenset({Need.ACTIVATION_GRADIENTS}),
)
