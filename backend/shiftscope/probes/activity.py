"""Values that pass (almost) no gradient on."""

from __future__ import annotations

from torch import nn

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup
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


def _set_up(setup: ProbeSetup) -> None:
    for layer in setup.network.layers:
        site = layer.activated
        if site is None or layer.activation is None:
            continue
        activation, program = layer.activation.module, setup.program
        if isinstance(activation, CUT_TO_ZERO):
            place = setup.add(ZERO_FRACTION, layer.name, "output")
            index = program.request(site, Statistic.MOMENTS | Statistic.ZEROS)
            program.add(Operation.WRITE_FRACTION, index, place, argument=ZEROS)
        elif type(activation) in LIMITS:
            place = setup.add(SATURATED_FRACTION, layer.name, "output")
            index = program.request(site, Statistic.MOMENTS | Statistic.BEYOND, limits=LIMITS[type(activation)])
            program.add(Operation.WRITE_FRACTION, index, place, argument=BEYOND)


ACTIVITY = Probe(
    "activity", "zero and saturated values", (ZERO_FRACTION, SATURATED_FRACTION), passing=_set_up, tier=Tier.STANDARD
)
