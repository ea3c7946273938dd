"""Distances between two samples of a distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled
from shiftscope.kernels.samples import Floats, Sample

SMALLEST = 0.01
"""Sigma is taken to be at least this fraction of the reference's at the start of the run: where a layer dies, what is
divided by its sigma would say nothing but that."""

TINY = 1e-12

NAMES = ("wasserstein", "wasserstein_over_sigma", "mean_shift", "log_sigma_ratio", "gaussian_kl")


def distances(a: Sample, b: Sample, first: Sample) -> NDArray[np.float64]:
    """Return how far b is from a: NAMES for all values together, then their means over units; shape (10,).

    `first` is the sample at the start of the run, whose sigma sets the smallest that is divided by. NaN where a and b
    have not as many values each.
    """
    found = np.full((2, len(NAMES)), np.nan)
    if a.units.shape == b.units.shape:
        samples = [(one.pooled[None], one.pooled_moments) for one in (a, b)]
        _compare(*samples[0], *samples[1], first.pooled_moments[1], found[0])
        _compare(a.units, a.moments, b.units, b.moments, first.moments[1], found[1])
    return found.reshape(-1)


@compiled(vectorized=True)
def _apart(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the 1-Wasserstein distance of sorted values, as many of each."""
    total = 0.0
    for i in range(a.size):
        total += abs(np.float64(a[i]) - np.float64(b[i]))
    return total / a.size


@compiled()
def smallest_sigma(first_sigma: float) -> float:
    """Return what a sigma is taken to be at least, where the first one was `first_sigma`."""
    return max(SMALLEST * first_sigma, TINY)


@compiled()
def add_distances(wasserstein: float, shift: float, sigma_a: float, sigma_b: float, units: int, found: Floats) -> None:
    """Add to the means over `units` the distances NAMES of one of them; `shift` is that of its mean."""
    log_ratio = np.log(sigma_b / sigma_a)
    found[0] += wasserstein / units
    found[1] += wasserstein / sigma_a / units
    found[2] += shift / sigma_a / units
    found[3] += abs(log_ratio) / units
    found[4] += (log_ratio + (sigma_a**2 + shift**2) / (2 * sigma_b**2) - 0.5) / units


@compiled()
def _compare(
    a: NDArray[Any],
    a_moments: tuple[Floats, Floats],
    b: NDArray[Any],
    b_moments: tuple[Floats, Floats],
    first_sigma: Floats,
    found: Floats,
) -> None:
    """Write the distances NAMES of values in ascending order, shape (units, values), averaged over units."""
    units = a.shape[0]
    found[:] = 0.0
    for u in range(units):
        floor = smallest_sigma(first_sigma[u])
        sigma_a, sigma_b = max(a_moments[1][u], floor), max(b_moments[1][u], floor)
        shift = abs(b_moments[0][u] - a_moments[0][u])
        add_distances(_apart(a[u], b[u]), shift, sigma_a, sigma_b, units, found)
