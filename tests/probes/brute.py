"""Every quantity again, in float64 and the plainest way, sharing no code with the probes."""

from __future__ import annotations

import numpy as np

LEVELS = [0.0, 0.0668, 0.15, 0.1587, 0.3085, 0.5, 0.6915, 0.8413, 0.85, 0.9332, 1.0]


def finite(values):
    flat = np.asarray(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]


def moments(values):
    """mean, variance, standard deviation, minimum, maximum of the finite values."""
    x = finite(values)
    if x.size == 0:
        return np.full(5, np.nan)
    mean = x[0] + np.mean(x - x[0])
    variance = np.mean((x - mean) ** 2)
    return np.array([mean, variance, np.sqrt(variance), x.min(), x.max()])


def quantiles(values, levels=LEVELS):
    x = finite(values)
    return np.quantile(x, levels) if x.size else np.full(len(levels), np.nan)


def fraction_up_to(values, edge):
    x = finite(values)
    return float(np.mean(x <= edge)) if x.size else 0.0


def norm(values):
    x = np.asarray(values, dtype=np.float64).ravel()
    return float(np.sqrt(np.sum(x * x)))


def channels(values):
    """Mean and biased variance over all axes but the second, each of shape (channels,)."""
    x = np.asarray(values, dtype=np.float64)
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    return x.mean(axes), x.var(axes)
