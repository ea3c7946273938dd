"""Mean, variance, extremes, and the count of what is not a number, of all values at a site."""

from __future__ import annotations

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation

_ALL = "over the finite values of all samples, units and positions of the site"
_SITES = "linear_output, normalized, pre_activation, output"

MEAN = Quantity("mean", "1", f"sum x / n, {_ALL}", sites=_SITES)
VARIANCE = Quantity("variance", "1", "sum (x - mean)^2 / n, the biased one, as batch normalization's", sites=_SITES)
STD = Quantity("std", "1", "sqrt(variance)", sites=_SITES)
MINIMUM = Quantity("minimum", "1", "min x", sites=_SITES)
MAXIMUM = Quantity("maximum", "1", "max x", sites=_SITES)
NAN_COUNT = Quantity("nan_count", "values", "number of values that are NaN", sites=_SITES)
INFINITE_COUNT = Quantity("infinite_count", "values", "number of values that are +inf or -inf", sites=_SITES)

_MOMENTS = (MEAN, VARIANCE, STD, MINIMUM, MAXIMUM)
_COUNTS = (NAN_COUNT, INFINITE_COUNT)


def _moments(setup: ProbeSetup) -> None:
    for layer, site in setup.network.measured_sites():
        first = setup.add_all(_MOMENTS, layer.name, site.name)
        index = setup.program.request(site, Statistic.MOMENTS)
        setup.program.add(Operation.WRITE_MOMENTS, index, first)


def _counts(setup: ProbeSetup) -> None:
    for layer, site in setup.network.measured_sites():
        first = setup.add_all(_COUNTS, layer.name, site.name)
        index = setup.program.request(site, Statistic.MOMENTS)
        setup.program.add(Operation.WRITE_NOT_FINITE, index, first)


MOMENTS = Probe("moments", "mean, variance, extremes of each site", _MOMENTS, passing=_moments, tier=Tier.ESSENTIAL)
NOT_FINITE = Probe("not_finite", "NaN and infinite values at each site", _COUNTS, passing=_counts, tier=Tier.ESSENTIAL)
