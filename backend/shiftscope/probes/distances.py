"""How far two distributions are apart, by the measures in use for covariate shift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.probes.plan import Quantity
from shiftscope.probes.samples import Floats, Sample

SMALLEST = 0.01
"""Sigma is taken to be at least this fraction of the reference's at the start of the run: where a layer dies, what is
divided by its sigma would say nothing but that."""
TINY = 1e-12

NAMES = ("wasserstein", "wasserstein_over_sigma", "mean_shift", "log_sigma_ratio", "gaussian_kl")

_FORMULAE = {
    "wasserstein": ("1", "mean |sort(a) - sort(b)|, the 1-Wasserstein distance", "Huang & Yu 2020"),
    "wasserstein_over_sigma": ("std", "wasserstein / sigma_a", ""),
    "mean_shift": ("std", "|mean_b - mean_a| / sigma_a", ""),
    "log_sigma_ratio": ("nat", "|ln(sigma_b / sigma_a)|", ""),
    "gaussian_kl": (
        "nat",
        "KL divergence of the fitted Gaussians, "
        "ln(sigma_b / sigma_a) + (sigma_a^2 + (mean_a - mean_b)^2) / (2 sigma_b^2) - 1/2",
        "",
    ),
}


def quantities(suffix: str, what: str, source: str) -> tuple[Quantity, ...]:
    """Describe the distances of all values together, then those of single units (or channels), averaged over them."""
    floor = f"; sigma at least {SMALLEST:g} of the layer's first one"
    described = [(name, *_FORMULAE[name]) for name in NAMES]
    pooled = [
        Quantity(name + suffix, unit, f"{formula}; {what}{'' if unit == '1' else floor}", source=own or source)
        for name, unit, formula, own in described
    ]
    single = [
        Quantity(f"unit_{name}{suffix}", unit, f"the same of single units or channels, averaged over them: {formula}")
        for name, unit, formula, _ in described
    ]
    return (*pooled, *single)


def distances(a: Sample, b: Sample, first: Sample) -> NDArray[np.float64]:
    """Return how far b is from a: NAMES for all values together, then their means over units; shape (10,).

    `first` is the sample at the start of the run, whose sigma sets the smallest that is divided by. NaN where a and b
    have not as many values each.
    """
    if a.units.shape != b.units.shape:
        return np.full(2 * len(NAMES), np.nan)
    pooled = _distances(
        _apart(a.pooled[None], b.pooled[None]), a.pooled_moments, b.pooled_moments, first.pooled_moments
    )
    units = _distances(_apart(a.units, b.units), a.moments, b.moments, first.moments)
    return np.concatenate([pooled[:, 0], units.mean(axis=1)])


def _apart(a: NDArray[np.floating], b: NDArray[np.floating]) -> Floats:
    """Return the 1-Wasserstein distance of sorted values, shape (units, values): (units,)."""
    with np.errstate(invalid="ignore"):  # of infinities
        return np.asarray(np.abs(a.astype(np.float64) - b).mean(axis=1))


def _distances(
    wasserstein: Floats, a: tuple[Floats, Floats], b: tuple[Floats, Floats], first: tuple[Floats, Floats]
) -> Floats:
    """Return the distances NAMES, shape (5, units)."""
    floor = np.maximum(SMALLEST * first[1], TINY)
    sigma_a, sigma_b = np.maximum(a[1], floor), np.maximum(b[1], floor)
    with np.errstate(invalid="ignore", over="ignore"):
        shift = np.abs(b[0] - a[0])
        log_ratio = np.log(sigma_b / sigma_a)
        divergence = log_ratio + (sigma_a**2 + shift**2) / (2 * sigma_b**2) - 0.5
        return np.stack([wasserstein, wasserstein / sigma_a, shift / sigma_a, np.abs(log_ratio), divergence])
