"""Chosen single units of each layer: the input to the nonlinearity of each, apart from the layer's others."""

from __future__ import annotations

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.histogram import COARSE
from shiftscope.kernels.readout import LEVELS
from shiftscope.tracing.layers import Layer, Site

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


def _units(setup: ProbeSetup) -> None:
    shape = (len(setup.network.units),)
    for layer, site in _shown(setup):
        first = setup.add_all(MOMENTS, layer.name, site.name, shape=shape)
        setup.add(QUANTILES, layer.name, site.name, shape=(*shape, len(LEVELS)), coordinates=LEVELS)
        index = setup.program.request(site, Statistic.UNITS, channels=layer.features, axis=layer.unit_axis)
        setup.program.record_units(index, moments=first)


def _histograms(setup: ProbeSetup) -> None:
    count = len(setup.network.units)
    for layer, site in _shown(setup):
        first, *_ = [
            setup.add(quantity, layer.name, site.name, shape=(count, size))
            for quantity, size in ((HISTOGRAM, COARSE), (RANGE, 2), (OUTSIDE, 2))
        ]
        index = setup.program.request(site, Statistic.UNITS, channels=layer.features, axis=layer.unit_axis)
        setup.program.record_units(index, histograms=first)


def _shown(setup: ProbeSetup) -> list[tuple[Layer, Site]]:
    return [(layer, site) for layer in setup.network.layers if (site := layer.shown)]


UNITS = Probe(
    "units",
    "moments and quantiles of single units",
    (*MOMENTS, QUANTILES),
    passing=_units,
    tier=Tier.STANDARD,
)
UNIT_HISTOGRAMS = Probe(
    "unit_histograms",
    "histograms of single units",
    (HISTOGRAM, RANGE, OUTSIDE),
    passing=_histograms,
    tier=Tier.FULL,
)
