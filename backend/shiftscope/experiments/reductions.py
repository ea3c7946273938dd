"""From what a run recorded to the figures that a verdict rests on: pure functions, also of an opened recording.

Nothing is measured here: each figure is an entry of a stream at a step, or a mean, range or rank correlation of such
entries, and is named after the quantity. What the page draws of the same recording is the same numbers. NaN stays NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

EVALUATED = ("test_loss", "test_accuracy", "train_loss", "train_accuracy")
LEARNT = 0.9
"""The test accuracy that "steps" counts to."""


class Named(Protocol):
    """A layer."""

    @property
    def name(self) -> str:
        """Its name."""


class Network(Protocol):
    """A network and its layers, in forward order."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def layers(self) -> Sequence[Named]:
        """The last one makes the output."""


class Header(Protocol):
    """What a run declares once."""

    @property
    def networks(self) -> Sequence[Network]:
        """The networks that are trained in step."""


class Recorded(Protocol):
    """What a run recorded: an opened Recording, or frames that were kept in the process."""

    @property
    def header(self) -> Header | None:
        """Networks and layers; None when nothing was recorded."""

    def steps(self, stream: str) -> NDArray[np.int64]:
        """Return the steps at which a stream was recorded."""

    def values(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> NDArray[np.float32]:
        """Return a quantity over time, shape (frames, *entry.shape). Raises KeyError."""

    def coordinates(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> tuple[float, ...]:
        """Return the numbers that name the positions along the quantity's last axis. Raises KeyError."""


def networks(recorded: Recorded) -> tuple[str, ...]:
    """Return the names of the networks."""
    return tuple(network.name for network in _networks(recorded))


def layer_names(recorded: Recorded, network: str) -> tuple[str, ...]:
    """Return the names of a network's layers, in forward order."""
    (found,) = (one for one in _networks(recorded) if one.name == network)
    return tuple(layer.name for layer in found.layers)


def hidden_layers(recorded: Recorded, network: str) -> tuple[str, ...]:
    """Return the names of a network's layers but the last, in forward order."""
    return layer_names(recorded, network)[:-1]


def _networks(recorded: Recorded) -> Sequence[Network]:
    return recorded.header.networks if recorded.header else ()


def by_layer(
    recorded: Recorded, stream: str, quantity: str, *, network: str, layers: Sequence[str], site: str = ""
) -> Values:
    """Return a scalar quantity over time by layer, shape (frames, layers)."""
    columns = [recorded.values(stream, quantity, network=network, layer=layer, site=site) for layer in layers]
    return np.stack(columns, axis=1).astype(np.float64)


def evaluated(recorded: Recorded) -> dict[str, float]:
    """Return the last evaluation as "network/test_accuracy" and so on, and where a network diverged, the step.

    "network/diverged" is the first recorded step at which a loss, an activation or a gradient was not finite.
    """
    found = {
        f"{network}/{name}": float(recorded.values("evaluation", name, network=network)[-1])
        for network in networks(recorded)
        for name in EVALUATED
    }
    steps = recorded.steps("steps")
    for network in networks(recorded):
        wild = np.flatnonzero(recorded.values("steps", "nonfinite_count", network=network) > 0)
        if len(wild):
            found[f"{network}/diverged"] = float(steps[wild[0]])
    return found


def steps_to(recorded: Recorded, accuracy: float = LEARNT) -> dict[str, float]:
    """Return, as "network/steps", the first evaluated step with that test accuracy; infinity where there is none."""
    steps = recorded.steps("evaluation")
    found = {}
    for network in networks(recorded):
        reached = recorded.values("evaluation", "test_accuracy", network=network) >= np.float32(accuracy)
        found[f"{network}/steps"] = float(steps[reached.argmax()]) if reached.any() else math.inf
    return found


def at_step(steps: NDArray[np.int64], values: Values, step: int) -> Values:
    """Return what was recorded at a step; NaN where nothing was."""
    (found,) = np.nonzero(steps == step)
    return values[found[0]] if len(found) else np.full(values.shape[1:], np.nan)


def over_training(steps: NDArray[np.int64], values: Values, begin: float = 0.0, end: float = 1.0) -> Values:
    """Return the mean over a part of the training, by the trapezoid rule over steps: frames are not equally far apart.

    `begin` and `end` are fractions of the way from the first recorded step to the last. Where one frame lies there, it
    is the mean; NaN where none does.
    """
    low, high = (steps[0] + share * (steps[-1] - steps[0]) for share in (begin, end))
    inside = (steps >= low) & (steps <= high)
    at, chosen = steps[inside], values[inside]
    if len(at) < 2:
        return chosen[0] if len(at) else np.full(values.shape[1:], np.nan)
    weights = np.zeros(len(at))
    gaps = np.diff(at) / 2
    weights[:-1] += gaps
    weights[1:] += gaps
    mean: Values = np.tensordot(weights / weights.sum(), chosen, axes=1)
    return mean


def ratio(values: Values, others: Values) -> Values:
    """Return values over others: infinite over nothing, NaN where both are nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Values = values / others
    return quotient


def rank_correlation(values: Sequence[float] | Values) -> float:
    """Return Spearman's rank correlation of values with their position; NaN where one is NaN or all are alike."""
    array = np.asarray(values, dtype=np.float64)
    if np.isnan(array).any() or len(set(array.tolist())) < 2:
        return math.nan
    _, place, counts = np.unique(array, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float(np.corrcoef(ranks, np.arange(len(array)))[0, 1])


def layer_figures(network: str, quantity: str, layers: Sequence[str], values: Values) -> dict[str, float]:
    """Return a number of each layer as "network/layer/quantity", and their mean as "network/quantity"."""
    by_name = {f"{network}/{layer}/{quantity}": float(one) for layer, one in zip(layers, values, strict=True)}
    return by_name | {f"{network}/{quantity}": float(values.mean())}


def merged(*groups: Mapping[str, float]) -> dict[str, float]:
    """Return all figures together.

    Raises:
        ValueError: a name is there twice: one name is one number.
    """
    found: dict[str, float] = {}
    for group in groups:
        if twice := sorted(found.keys() & group.keys()):
            raise ValueError(f"{', '.join(twice)}: measured twice")
        found |= group
    return found
