"""All probes, explicitly."""

from __future__ import annotations

from collections.abc import Sequence

from shiftscope.engine.probe import Probe, Tier
from shiftscope.probes import (
    activation_gradients,
    activity,
    batch_norm,
    distributions,
    drift,
    gradient_shift,
    gradients,
    landscape,
    moments,
    normalization_stages,
    sampling_shift,
    units,
    update_ratios,
)

PROBES: tuple[Probe, ...] = (
    moments.MOMENTS,
    moments.NOT_FINITE,
    distributions.HISTOGRAMS,
    distributions.PERCENTILES,
    gradients.GRADIENT_NORMS,
    batch_norm.AFFINE,
    batch_norm.BATCH_STATISTICS,
    activity.ACTIVITY,
    units.UNITS,
    update_ratios.UPDATE_RATIOS,
    drift.DRIFT,
    sampling_shift.SAMPLING_SHIFT,
    gradient_shift.GRADIENT_SHIFT,
    normalization_stages.STAGES,
    activation_gradients.ACTIVATION_GRADIENTS,
    units.UNIT_HISTOGRAMS,
    landscape.LANDSCAPE,
)

_TIERS = tuple(Tier)


def select(chosen: Tier | str | Sequence[str]) -> tuple[Probe, ...]:
    """Return the probes of a tier, or those named.

    Raises:
        ValueError: there is no such tier or probe; the message lists those there are.
    """
    if isinstance(chosen, str):
        if chosen not in _TIERS:
            raise ValueError(f"{chosen!r} is no tier; there are {', '.join(_TIERS)}. Single probes go in a list.")
        included = _TIERS[: _TIERS.index(Tier(chosen)) + 1]
        return tuple(probe for probe in PROBES if probe.tier in included)
    names = [probe.name for probe in PROBES]
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        raise ValueError(f"there is no probe {', '.join(unknown)}; there are {', '.join(names)}")
    return tuple(probe for probe in PROBES if probe.name in chosen)
