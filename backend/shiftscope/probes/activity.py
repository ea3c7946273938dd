"""Values that pass (almost) no gradient on."""

from __future__ import annotations

from torch import nn

from shiftscope.engine.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation
from shiftscope.kernels.moments import BEYOND, ZEROS
from shiftscope.tracing.layers import CUT_TO_ZERO

FLAT = 0.1
"""A value is saturated where the derivative is below this fraction of its largest."""
LIMITS: dict[type[nn.Module], tuple[float, float]] = {
    # where y (1 - y) is less than FLAT / 4, and where 1 - y^2 is less than FLAT
    nn.Sigmoid: (0.5 - 0.5 * (1 - FLAT) ** 0.5, 0.5 + 0.5 * (1 - FLAT) ** 0.5),
    nn.Tanh: (-((1 - FLAT) ** 0.5), (1 - FLAT) ** 0.5),
}

ZERO_FRACTION = Quantity(
    "zero_fraction", "fraction", "fraction of the values that relu gives out which are 0", sites="output"
)
SATURATED_FRACTION = Quantity(
    "saturated_fraction", "fraction",
    f"fraction of the values that sigmoid or tanh gives out at which its derivative is below {FLAT:g} of its largest: "
    f"y (1 - y) < {FLAT / 4:g}, 1 - y^2 < {FLAT:g}",
    sites="output",
)  # fmt: skip


def _lay(plan: Plan, network: NetworkPlan) -> None:
    for layer in network.layers:
        site = layer.activated
        if site is None or layer.activation is None:
            continue
        activation, where = layer.activation.module, Spot(network.name, layer.name, "output")
        if isinstance(activation, CUT_TO_ZERO):
            place = plan.add(Stream.LAYERS, ZERO_FRACTION, where)
            index = network.program.see(site, Statistic.MOMENTS | Statistic.ZEROS)
            network.program.add(Operation.WRITE_FRACTION, index, place, argument=ZEROS)
        elif type(activation) in LIMITS:
            place = plan.add(Stream.LAYERS, SATURATED_FRACTION, where)
            index = network.program.see(site, Statistic.MOMENTS | Statistic.BEYOND, limits=LIMITS[type(activation)])
            network.program.add(Operation.WRITE_FRACTION, index, place, argument=BEYOND)


ACTIVITY = Probe("activity", Tier.STANDARD, "zero and saturated values", (ZERO_FRACTION, SATURATED_FRACTION), _lay)
