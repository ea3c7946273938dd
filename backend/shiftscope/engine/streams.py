"""The streams of a run: quantities that share a schedule, known by name."""

from __future__ import annotations

from collections.abc import Iterable

STEPS, LAYERS, EVALUATION, COST = "steps", "layers", "evaluation", "cost"
"""The streams of the engine's own: what is known of each step from outside, what is measured inside the networks at the
same steps, what evaluations found, and what all this costs. Each other stream is declared by a probe."""
LOGGED = {"loss": "logged_loss", "accuracy": "logged_accuracy"}
"""The streams of what is logged under these names; there are those of which the steps have no column of their own."""
SCALARS = "scalars"
"""The stream of whatever else is logged."""

_FIRST = (STEPS, LAYERS, EVALUATION, "drift", "gradient_shift", "sampling_shift", "landscape", COST, "channels",
          *LOGGED.values(), SCALARS)  # fmt: skip
"""The streams that have always been there, in the order of their numbers in frames."""


def number_streams(names: Iterable[str]) -> dict[str, int]:
    """Return the number of each stream in a run's frames; those beyond the first ones follow in the order given."""
    return {name: number for number, name in enumerate(dict.fromkeys([*_FIRST, *names]))}
