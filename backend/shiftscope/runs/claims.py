"""The figures of a run: its streams reduced, and what a claim measures besides."""

from __future__ import annotations

from importlib import import_module

from shiftscope.experiments.experiment import Claim
from shiftscope.experiments.reductions import Recorded, evaluated, merged
from shiftscope.lab.measurements.base import Measurement


def measurement_class(claim: Claim | None) -> type[Measurement]:
    """Return what measures for a claim besides the streams: for most claims, and for no claim, nothing.

    Raises:
        TypeError: the claim's path leads to something else.
        ImportError: it leads nowhere.
    """
    if claim is None or not claim.measurement:
        return Measurement
    module, _, name = claim.measurement.partition(":")
    found = getattr(import_module(module), name, None)
    if not (isinstance(found, type) and issubclass(found, Measurement)):
        raise TypeError(f"{claim.measurement} of {claim.experiment.id} is no Measurement")
    return found


def figures(claim: Claim, recorded: Recorded, measurement: Measurement) -> dict[str, float]:
    """Return all that the claim's verdict can rest on, by name.

    Raises:
        ValueError: a reduction and the measurement have a name in common.
    """
    own = measurement.figures()
    return merged(evaluated(recorded), own, claim.figures(recorded, own))
