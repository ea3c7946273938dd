"""Drift on training batches: how the values of one batch differ from those of the first, read from what passes by."""

from __future__ import annotations

from shiftscope.engine.batch_comparison import warm_up
from shiftscope.engine.distance_quantities import pooled
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup

_BINS = "both from their moments and 512 bins over mean +- 4 sigma"
FROM_START = pooled(
    "_from_start", f"a at the first recorded step, b now, each on its training batch, {_BINS}", "", "batch_"
)
FROM_PREVIOUS = pooled(
    "_from_previous", f"a at the frame of batch_drift before, b now, each on its training batch, {_BINS}", "", "batch_"
)
NOISE_FLOOR = Quantity(
    "batch_noise_floor",
    "std",
    "1 / sqrt(m), m the samples of this step, of all micro-batches: about what two batches of one distribution differ "
    "by, in sigmas",
)


def _batch_drift(setup: ProbeSetup) -> None:
    setup.program.record_noise_floor(setup.add(NOISE_FLOOR))
    for layer in setup.network.layers:
        site = layer.shown
        if site is not None:
            start, previous = (setup.add_all(group, layer.name, site.name) for group in (FROM_START, FROM_PREVIOUS))
            setup.program.compare(site, start, previous)


BATCH_DRIFT = Probe(
    "batch_drift",
    "distance of each layer's values on a training batch from those on the first one and on that of the frame before",
    (*FROM_START, *FROM_PREVIOUS, NOISE_FLOOR),
    passing=_batch_drift,
    tier=Tier.STANDARD,
    stream="batch_drift",
    share=0.125,
    instead_of="drift",
    warm_up=warm_up,
)
