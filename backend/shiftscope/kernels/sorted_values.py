"""Comparing values in ascending order, and their moments, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels import plain
from shiftscope.kernels.compile import compiled

SMALLEST = 0.01
"""Sigma is taken to be at least this fraction of the reference's at the start of the run: where a layer dies, what is
divided by its sigma would say nothing but that."""

TINY = 1e-12

NAMES = ("wasserstein", "wasserstein_over_sigma", "mean_shift", "log_sigma_ratio", "gaussian_kl")

Floats = NDArray[np.float64]
_ROWS = ("float32[:,::1]", "float64[:,::1]")
_MOMENTS = "UniTuple(float64[::1], 2)"


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


def _compare_rows_in_numpy(
    a: NDArray[Any],
    a_moments: tuple[Floats, Floats],
    b: NDArray[Any],
    b_moments: tuple[Floats, Floats],
    first_sigma: Floats,
    found: Floats,
) -> None:
    floor = np.maximum(SMALLEST * first_sigma, TINY)
    sigma_a, sigma_b = np.maximum(a_moments[1], floor), np.maximum(b_moments[1], floor)
    shift, log_ratio = np.abs(b_moments[0] - a_moments[0]), np.log(sigma_b / sigma_a)
    apart = plain.rows_apart(a, b)
    kl = log_ratio + (sigma_a**2 + shift**2) / (2 * sigma_b**2) - 0.5
    for k, values in enumerate((apart, apart / sigma_a, shift / sigma_a, np.abs(log_ratio), kl)):
        found[k] = values.mean()


@compiled(
    in_numpy=_compare_rows_in_numpy,
    signatures=[f"({rows}, {_MOMENTS}, {rows}, {_MOMENTS}, float64[::1], float64[::1])" for rows in _ROWS],
)
def compare_rows(
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


@compiled(vectorized=True)
def _sum(x: NDArray[Any]) -> float:
    total = 0.0
    for i in range(x.size):
        total += np.float64(x[i])
    return total


@compiled(vectorized=True)
def _sum_of_squares_about(x: NDArray[Any], mean: float) -> float:
    total = 0.0
    for i in range(x.size):
        d = np.float64(x[i]) - mean
        total += d * d
    return total


@compiled(in_numpy=plain.means_and_sigmas, signatures=[f"({rows}, float64[:,::1])" for rows in _ROWS])
def write_moments_of_rows(values: NDArray[Any], found: Floats) -> None:
    """Write mean and biased standard deviation of each row, shape (2, rows).

    It makes no array for Python: compiled code that does turns a Ctrl-C that comes meanwhile into a SystemError.
    """
    for u in range(values.shape[0]):
        found[0, u] = _sum(values[u]) / values.shape[1]
        found[1, u] = np.sqrt(_sum_of_squares_about(values[u], found[0, u]) / values.shape[1])


def moments_of_rows(values: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return mean and biased standard deviation of each row."""
    found = np.empty((2, values.shape[0]))
    write_moments_of_rows(values, found)
    return found[0], found[1]
