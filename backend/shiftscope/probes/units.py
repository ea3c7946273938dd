"""Chosen single units of each layer: the input to the nonlinearity of each, apart from the layer's others."""

from __future__ import annotations

from shiftscope.engine.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.program import NOWHERE
from shiftscope.engine.streams import Stream
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.histogram import COARSE
from shiftscope.kernels.readout import LEVELS

_SITES = "pre_activation, or output of a layer without a nonlinearity"
_OF = "of single units (`units` of watch(), by default 0, 1, 2), over the batch; of a channel one position a sample"
_SOURCE = "Ioffe & Szegedy 2015, figure 1"

MOMENTS = tuple(
    Quantity(f"unit_{name}", "1", f"{name} {_OF}", "(units,)", _SITES)
    for name in ("mean", "variance", "std", "minimum", "maximum")
)
QUANTILES = Quantity("unit_quantiles", "1", f"as quantiles, {_OF}", f"(units, {len(LEVELS)})", _SITES, _SOURCE)
HISTOGRAM = Quantity("unit_histogram", "fraction", f"as histogram, {_OF}", f"(units, {COARSE})", _SITES)
RANGE = Quantity("unit_histogram_range", "1", f"as histogram_range, {_OF}", "(units, 2)", _SITES)
OUTSIDE = Quantity("unit_histogram_outside", "fraction", f"as histogram_outside, {_OF}", "(units, 2)", _SITES)


def _lay_units(plan: Plan, network: NetworkPlan) -> None:
    for layer in network.layers:
        site = layer.shown
        if site is None:
            continue
        where = Spot(network.name, layer.name, site.name)
        count = len(network.units)
        first = plan.add_all(Stream.LAYERS, MOMENTS, where, shape=(count,))
        plan.add(Stream.LAYERS, QUANTILES, where, shape=(count, len(LEVELS)), coordinates=LEVELS)
        index = network.program.see(site, Statistic.UNITS, channels=layer.features, axis=layer.unit_axis)
        network.program.watch_units(index, first, NOWHERE)


def _lay_histograms(plan: Plan, network: NetworkPlan) -> None:
    for layer in network.layers:
        site = layer.shown
        if site is None:
            continue
        where = Spot(network.name, layer.name, site.name)
        count = len(network.units)
        first = plan.add(Stream.LAYERS, HISTOGRAM, where, shape=(count, COARSE))
        plan.add(Stream.LAYERS, RANGE, where, shape=(count, 2))
        plan.add(Stream.LAYERS, OUTSIDE, where, shape=(count, 2))
        index = network.program.see(site, Statistic.UNITS, channels=layer.features, axis=layer.unit_axis)
        network.program.watch_units(index, NOWHERE, first)


UNITS = Probe("units", Tier.STANDARD, "moments and quantiles of single units", (*MOMENTS, QUANTILES), _lay_units)
UNIT_HISTOGRAMS = Probe(
    "unit_histograms", Tier.FULL, "histograms of single units", (HISTOGRAM, RANGE, OUTSIDE), _lay_histograms
)
