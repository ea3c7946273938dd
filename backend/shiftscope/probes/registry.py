"""All probes, explicitly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple, TypeAlias

from shiftscope.engine import scheduler
from shiftscope.engine.overhead import RESERVED
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.schedules import Schedule
from shiftscope.engine.warm_up import warm_up_engine
from shiftscope.probes import (
    activation_gradients,
    activity,
    attention,
    batch_drift,
    batch_norm,
    clipping,
    distributions,
    drift,
    followed,
    gradient_shift,
    gradients,
    input_cloud,
    landscape,
    moments,
    normalization_stages,
    parameter_histograms,
    sampling_shift,
    units,
    update_ratios,
)

Chosen: TypeAlias = Tier | str | Probe | Sequence[Tier | str | Probe]
"""A tier, a probe of one's own, or a list of tiers, names of probes and probes of one's own."""

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
    attention.ENTROPIES,
    drift.DRIFT,
    batch_drift.BATCH_DRIFT,
    followed.FOLLOWED_SAMPLES,
    input_cloud.CLOUD,
    sampling_shift.SAMPLING_SHIFT,
    gradient_shift.GRADIENT_SHIFT,
    normalization_stages.STAGES,
    activation_gradients.ACTIVATION_GRADIENTS,
    units.UNIT_HISTOGRAMS,
    clipping.CLIPPING,
    landscape.LANDSCAPE,
    parameter_histograms.PARAMETER_HISTOGRAMS,
)

_TIERS = tuple(Tier)


class Selection(NamedTuple):
    """The probes of a run, and the names of those that were asked for by themselves, not as part of a tier."""

    probes: tuple[Probe, ...]
    single: frozenset[str]


def select(chosen: Chosen) -> Selection:
    """Return the probes of a tier, or of a list of tiers, names of probes and probes of one's own.

    Raises:
        ValueError: there is no such tier or probe, or two do not go together; the message says what there is.
    """
    if isinstance(chosen, str) and chosen not in _TIERS:
        raise ValueError(f"{chosen!r} is no tier; there are {', '.join(_TIERS)}. Single probes go in a list.")
    single: dict[str, Probe] = {}
    tiers: set[Tier] = set()
    for one in [chosen] if isinstance(chosen, str | Probe) else chosen:
        if isinstance(one, Probe):
            _check_new(one, single)
            single[one.name] = one
        elif one in _TIERS:
            tiers.update(_TIERS[: _TIERS.index(Tier(one)) + 1])
        else:
            single[one] = _named(one)
    registered = [probe for probe in PROBES if probe.tier in tiers or single.get(probe.name) is probe]
    probes = (*registered, *(probe for probe in single.values() if probe not in registered))
    _check_together(probes)
    return Selection(tuple(_by_itself(probe) if probe.name in single else probe for probe in probes), frozenset(single))


def scheduled_streams(chosen: Selection) -> set[str]:
    """Return the names of all streams that a schedule may be given for, whether or not this run records them."""
    return scheduler.scheduled_streams([*PROBES, *chosen.probes])


def study_schedules(total_steps: int | None, frames: int) -> dict[str, Schedule]:
    """Return schedules of all registered studies, by stream, for a run that keeps about so many frames."""
    return scheduler.study_schedules(PROBES, total_steps, frames)


def warm_up() -> None:
    """Compile, or load from the cache, all that measuring needs, so that the first recorded step does not wait for it.

    Takes seconds on a machine's first time, a fraction of one later.
    """
    warm_up_engine()
    for compile_ahead in dict.fromkeys(probe.warm_up for probe in PROBES):
        if compile_ahead is not None:
            compile_ahead()


def _by_itself(probe: Probe) -> Probe:
    """Return a probe that measures whatever else does: it was asked for by its name."""
    return replace(probe, instead_of="") if probe.instead_of else probe


def _named(name: object) -> Probe:
    names = {probe.name: probe for probe in PROBES}
    if not isinstance(name, str):
        how = (
            '; a function is observed by Probe("name", "about", (Quantity(...),), observe=it)' if callable(name) else ""
        )
        text = f"probes takes names of tiers, names of probes and Probe objects, not {name!r}{how}"
        raise ValueError(text)  # noqa: TRY004  as of a name that there is not
    if name not in names:
        near = get_close_matches(name, [*_TIERS, *names], 1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(
            f"there is no probe {name}{meant}; there are {', '.join(names)}, and the tiers {', '.join(_TIERS)}"
        )
    return names[name]


def _check_new(probe: Probe, others: Mapping[str, Probe]) -> None:
    """Refuse a probe under a name that is taken: it could not be told from the other one."""
    taken = {one.name: one for one in PROBES} | dict(others)
    if taken.get(probe.name, probe) is not probe or probe.name in RESERVED:
        raise ValueError(f"there is a probe {probe.name!r} already: give yours another name")


def _check_together(probes: Sequence[Probe]) -> None:
    """Refuse two probes that record quantities of one name in one stream."""
    owner: dict[tuple[str, str], Probe] = {}
    for probe in probes:
        for quantity in probe.quantities:
            other = owner.setdefault((probe.stream, quantity.name), probe)
            if other is not probe:
                raise ValueError(
                    f"{probe.name} and {other.name} both record {quantity.name!r} in the stream {probe.stream!r}: "
                    "give one of them another stream, or the quantity another name"
                )
