"""The distribution of all values at a site: a histogram whose bins follow the data, and quantiles."""

from __future__ import annotations

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.histogram import COARSE, FINE, REACH, SAMPLE, WHOLE
from shiftscope.kernels.interpreter import Operation
from shiftscope.kernels.readout import LEVELS

_SAMPLED = f"of more than {WHOLE:,}, one from each of {SAMPLE:,} equal stretches"
_SITES = "linear_output, normalized, pre_activation, output"

HISTOGRAM = Quantity(
    "histogram", "fraction", f"fraction of the finite values in each of the equal bins of histogram_range; {_SAMPLED}",
    shape=f"({COARSE},)", sites=_SITES,
)  # fmt: skip
RANGE = Quantity(
    "histogram_range", "1",
    f"lower and upper edge: mean -+ {REACH:g} std, or minimum and maximum where these are nearer; "
    "values that are all alike get a sliver around them",
    shape="(2,)", sites=_SITES,
)  # fmt: skip
OUTSIDE = Quantity(
    "histogram_outside", "fraction", "fraction of the finite values below the lower and above the upper edge",
    shape="(2,)", sites=_SITES,
)  # fmt: skip
QUANTILES = Quantity(
    "quantiles", "1",
    "value below which a fraction p of the finite values lies, linear between neighbours; p stands in the entry's "
    f"coordinates. Read from {FINE} bins: off by at most {2 * REACH / FINE:.3f} std; sampled as the histogram, by "
    "about 0.01 std",
    shape=f"({len(LEVELS)},)", sites=_SITES,
    source="TensorBoard's nine bands; 15, 50 and 85 % of Ioffe & Szegedy 2015, figure 1",
)  # fmt: skip


def _histogram(setup: ProbeSetup) -> None:
    for layer, site in setup.network.measured_sites():
        first, *_ = [
            setup.add(quantity, layer.name, site.name, shape=(size,))
            for quantity, size in ((HISTOGRAM, COARSE), (RANGE, 2), (OUTSIDE, 2))
        ]
        index = setup.program.request(site, Statistic.MOMENTS | Statistic.BINS)
        setup.program.add(Operation.WRITE_HISTOGRAM, index, first)


def _quantiles(setup: ProbeSetup) -> None:
    for layer, site in setup.network.measured_sites():
        place = setup.add(QUANTILES, layer.name, site.name, shape=(len(LEVELS),), coordinates=LEVELS)
        index = setup.program.request(site, Statistic.MOMENTS | Statistic.BINS)
        setup.program.add(Operation.WRITE_QUANTILES, index, place)


HISTOGRAMS = Probe(
    "histograms",
    f"{COARSE} bins of each site",
    (HISTOGRAM, RANGE, OUTSIDE),
    passing=_histogram,
    tier=Tier.ESSENTIAL,
)
PERCENTILES = Probe("quantiles", "quantiles of each site", (QUANTILES,), passing=_quantiles, tier=Tier.ESSENTIAL)
