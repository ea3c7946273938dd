"""What looks at trained networks for a verdict, by experiment. Loads torch."""

from __future__ import annotations

from collections.abc import Mapping

from shiftscope.lab.measurements.algebra import Axes, Redundancy
from shiftscope.lab.measurements.base import Measuring
from shiftscope.lab.measurements.epochs import WholeTrainingSet
from shiftscope.lab.measurements.gradients import Gradients, Spreads
from shiftscope.lab.measurements.inference import Folding, InferenceStatistics, OwnStatistics
from shiftscope.lab.measurements.landscape import Landscape
from shiftscope.lab.measurements.noise import BatchNoise, Decorrelation
from shiftscope.lab.measurements.percentiles import PercentileWander
from shiftscope.lab.measurements.recurrent import WholeGradient
from shiftscope.lab.measurements.shift import DriftByDepth, SamplingShift, UnderShift
from shiftscope.lab.measurements.speed import Speed, StepsTo
from shiftscope.lab.measurements.surface import LossSurface

MEASURINGS: Mapping[str, type[Measuring]] = {
    "mnist-table": WholeTrainingSet,
    "mnist-xavier": WholeTrainingSet,
    "vanishing-gradients": Gradients,
    "exploding-gradients": Gradients,
    "initialization": Spreads,
    "learning-rates": Speed,
    "batch-sizes": OwnStatistics,
    "regularization": BatchNoise,
    "before-or-after": StepsTo,
    "redundant-bias": Redundancy,
    "inference-statistics": InferenceStatistics,
    "folding": Folding,
    "test-shift": UnderShift,
    "depth": DriftByDepth,
    "sampling-shift": SamplingShift,
    "whitening": Decorrelation,
    "recurrent": WholeGradient,
    "input-scaling": LossSurface,
    "optimizers": StepsTo,
    "two-axes": Axes,
    "ioffe-szegedy-figure-1": PercentileWander,
    "santurkar": Landscape,
}


def measuring_of(experiment: str) -> type[Measuring]:
    """Return what measures for an experiment: by default what its last evaluation found."""
    return MEASURINGS.get(experiment, Measuring)
