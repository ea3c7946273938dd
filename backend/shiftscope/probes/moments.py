"""Mean, variance, extremes, and the count of what is not a number, of all values at a site."""

from __future__ import annotations

from shiftscope.engine.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream
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


def _lay_moments(plan: Plan, network: NetworkPlan) -> None:
    for layer, site in network.measured_sites():
        first = plan.add_all(Stream.LAYERS, _MOMENTS, Spot(network.name, layer.name, site.name))
        index = network.program.see(site, Statistic.MOMENTS)
        network.program.add(Operation.WRITE_MOMENTS, index, first)


def _lay_counts(plan: Plan, network: NetworkPlan) -> None:
    for layer, site in network.measured_sites():
        first = plan.add_all(Stream.LAYERS, _COUNTS, Spot(network.name, layer.name, site.name))
        index = network.program.see(site, Statistic.MOMENTS)
        network.program.add(Operation.WRITE_NOT_FINITE, index, first)


MOMENTS = Probe("moments", Tier.ESSENTIAL, "mean, variance, extremes of each site", _MOMENTS, _lay_moments)
NOT_FINITE = Probe("not_finite", Tier.ESSENTIAL, "NaN and infinite values at each site", _COUNTS, _lay_counts)
