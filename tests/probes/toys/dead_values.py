"""A toy probe in passing, on operations that there are, with a stream of its own."""

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation
from shiftscope.kernels.moments import ZEROS

FRACTION = Quantity(
    "toy_dead_fraction", "fraction", "fraction of the values that are 0", sites="pre_activation, output"
)


def _set_up(setup):
    for layer, site in setup.network.measured_sites():
        place = setup.add(FRACTION, layer.name, site.name)
        index = setup.program.request(site, Statistic.MOMENTS | Statistic.ZEROS)
        setup.program.add(Operation.WRITE_FRACTION, index, place, argument=ZEROS)


DEAD_VALUES = Probe(
    "toy_dead_values", "zeros at each site", (FRACTION,), passing=_set_up, stream="toys", share=0.5, tier=Tier.FULL
)
