"""The distribution of each parameter's values, and of the gradient's by them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.parameters import parameter_groups
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.program import Place
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import RowWriter, Study, TrainingStep
from shiftscope.kernels.histogram import COARSE
from shiftscope.kernels.tensor_memory import Unreadable, dense, readable, unseen

WHOLE = 2**20
"""Of more values than these, one from each of so many equal stretches is counted."""

_UNKNOWN = np.full(COARSE + 2, np.nan)

_SITES = "weight, bias, gamma, beta"
_BINS = f"fraction of the finite values in each of {COARSE} equal bins of"
_SAMPLED = f"of more than {WHOLE:,}, one from each of so many equal stretches"
_EDGES = "smallest and largest finite value of those; a sliver around them where they are all alike"
_SHAPE = f"({COARSE},)"

OF_PARAMETER = (
    Quantity("parameter_histogram", "fraction", f"{_BINS} parameter_histogram_range; {_SAMPLED}", _SHAPE, _SITES),
    Quantity("parameter_histogram_range", "1", f"{_EDGES}, of the parameter before the update", "(2,)", _SITES),
)
OF_GRADIENT = (
    Quantity("gradient_histogram", "fraction", f"{_BINS} gradient_histogram_range; {_SAMPLED}", _SHAPE, _SITES),
    Quantity(
        "gradient_histogram_range",
        "1",
        f"{_EDGES}, of the gradient by the parameter as the update uses it, without the scale of a GradScaler; NaN "
        "where the update uses none that is there",
        "(2,)",
        _SITES,
    ),
)


class _Histograms(Study):
    def __init__(self, setup: ProbeSetup) -> None:
        self._network = setup.network.module
        paths = {id(parameter): path for path, parameter in self._network.named_parameters()}
        self._places: list[tuple[str, Place, Place]] = []
        for layer, parameters in parameter_groups(setup.network, frozen=True):
            for own, parameter in parameters.items():
                first, _, gradient, _ = [
                    setup.add(quantity, layer, own, shape=(size,))
                    for quantity, size in zip((*OF_PARAMETER, *OF_GRADIENT), (COARSE, 2) * 2, strict=True)
                ]
                self._places.append((paths[id(parameter)], first, gradient))

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        """Count the values as the update will find them."""
        there = dict(self._network.named_parameters())  # any may have been replaced since
        for path, place, gradient in self._places:
            parameter = there.get(path)
            if parameter is None:
                row.write(place, _UNKNOWN)
                row.write(gradient, _UNKNOWN)
                continue
            row.write(place, _counted(step.used.value(parameter)))
            scale = step.used.scale(parameter)
            row.write(gradient, _counted(step.used.gradient(parameter), like=parameter, scale=scale))


def histogram(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the fractions of the finite values by bin, then the two edges; NaN where none is finite."""
    values = values[np.isfinite(values)].astype(np.float64)
    if not values.size:
        return _UNKNOWN
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        half = 1e-3 * max(abs(low), abs(high)) or 1e-3
        low, high = low - half, high + half
    counts = np.histogram(values, COARSE, (low, high))[0]
    return np.concatenate((counts / values.size, (low, high)))


def _counted(tensor: Tensor | None, like: Tensor | None = None, scale: float = 1.0) -> NDArray[np.floating]:
    """Return the histogram of a parameter, or of a gradient without its scale.

    NaN where its values cannot be read, as of a large sparse one: that is a matter of this one alone.
    """
    try:
        values = _values(tensor, like)
        return histogram(values if scale == 1.0 else values / scale)
    except Unreadable:
        return _UNKNOWN


def _values(tensor: Tensor | None, like: Tensor | None = None) -> NDArray[np.floating]:
    """Return the values of a parameter or gradient, one from each of equal stretches where there are many."""
    if tensor is None:  # the loss does not depend on it
        return np.zeros(0 if like is None or not like.numel() else 1)
    if not tensor.is_cpu and tensor.numel() > WHOLE:
        with unseen():  # chosen where they lie: no more than these leave a device
            flat = dense(tensor).reshape(-1)
            chosen = flat[torch.from_numpy(_positions(flat.numel())).to(flat.device)]
        some: NDArray[np.floating] = readable(chosen).numpy()
        return some
    values: NDArray[np.floating] = readable(tensor).reshape(-1).numpy()
    return values if values.size <= WHOLE else values[_positions(values.size)]


def _positions(size: int) -> NDArray[np.int64]:
    starts = np.linspace(0, size - size // WHOLE, WHOLE).astype(np.int64)
    jitter = np.random.default_rng(size).integers(0, size // WHOLE, WHOLE)
    positions: NDArray[np.int64] = np.minimum(starts + jitter, size - 1)
    return positions


PARAMETER_HISTOGRAMS = Probe(
    "parameter_histograms",
    f"{COARSE} bins of each parameter and of the gradient by it",
    (*OF_PARAMETER, *OF_GRADIENT),
    study=_Histograms,
    tier=Tier.FULL,
    stream="parameters",
    share=0.01,
    restores=True,
    reads=True,
)
