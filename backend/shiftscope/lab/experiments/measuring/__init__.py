"""What looks at trained networks for a verdict, by experiment. Loads torch."""

from __future__ import annotations

from collections.abc import Mapping

from shiftscope.lab.experiments.measuring.base import Measuring
from shiftscope.lab.experiments.measuring.epochs import WholeTrainingSet

MEASURINGS: Mapping[str, type[Measuring]] = {
    "mnist-table": WholeTrainingSet,
    "mnist-xavier": WholeTrainingSet,
}


def measuring_of(experiment: str) -> type[Measuring]:
    """Return what measures for an experiment: by default what its last evaluation found."""
    return MEASURINGS.get(experiment, Measuring)
