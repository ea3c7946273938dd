"""How far two distributions are apart, by the measures in use for covariate shift."""

from __future__ import annotations

from shiftscope.engine.plan import Quantity
from shiftscope.kernels.distances import NAMES, SMALLEST

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
    single = [
        Quantity(f"unit_{name}{suffix}", unit, f"the same of single units or channels, averaged over them: {formula}")
        for name, (unit, formula, _) in _described()
    ]
    return (*pooled(suffix, what, source), *single)


def pooled(suffix: str, what: str, source: str, prefix: str = "") -> tuple[Quantity, ...]:
    """Describe the distances of all values together."""
    floor = f"; sigma at least {SMALLEST:g} of the layer's first one"
    return tuple(
        Quantity(
            f"{prefix}{name}{suffix}", unit, f"{formula}; {what}{'' if unit == '1' else floor}", source=own or source
        )
        for name, (unit, formula, own) in _described()
    )


def _described() -> list[tuple[str, tuple[str, str, str]]]:
    return [(name, _FORMULAE[name]) for name in NAMES]
