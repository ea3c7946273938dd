"""What the narrator knows of a run at a step: the numbers of the newest frames, by network and layer."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray

from shiftscope.config import Intervention
from shiftscope.wire.frames import Entry, Frame, Layout, NetworkInfo, RunHeader

INPUT_SITES = ("pre_activation", "linear_output", "output", "")
"""Where a layer's distribution is compared, the first that a run has: the input to its nonlinearity. As on the page."""
DRIFTS = (
    ("drift", "wasserstein_over_sigma_from_start"),
    ("batch_drift", "batch_wasserstein_over_sigma_from_start"),
)
"""The drift that is spoken of, by the stream that has it: what the page shows unless another is chosen."""
RECENT = 5
"""Losses of single batches jump: what is compared with a threshold is the median of so many recorded ones."""

Values = Sequence[float]
"""A number for each layer; none where the run does not record the quantity."""


@dataclass
class Network:
    """One network at the step that is observed. Numbers that have not come, or are of no layer, are NaN.

    Attributes:
        name: of the network.
        layers: names of its layers; the last is the output layer, those before it are the hidden ones.
        first_loss: the first that was recorded.
        losses: the newest ones.
        loss_step: the step of the newest.
        gradients: the gradient norm of each layer.
        first_gradients: the first that were recorded.
        drift: of each layer from the start, in the start's sigma.
        centroids_x: of the inputs of each layer for the same samples, the mean place on the first axis of the plane in
            which they varied most at the start, in the sigma that they had there.
        centroids_y: likewise on the second axis.
        silent: the fraction of each layer's units that are 0 for the whole probe batch.
        zeros: the fraction of each layer's values that are 0.
        saturated: the fraction of each layer's values that (almost) no gradient passes.
        nans: how many of each layer's values are NaN.
        infinities: how many are infinite.
        accuracy: on the test set, when that was last evaluated.
        evaluated: the step of that; -1 before there was one.
        diverged: whether a loss was not finite: nothing more is said of it then.
        stopped: whether it was found that nothing teaches it any more.
    """

    name: str
    layers: tuple[str, ...]
    first_loss: float = math.nan
    losses: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    loss_step: int = -1
    gradients: Values = ()
    first_gradients: Values = ()
    drift: Values = ()
    centroids_x: Values = ()
    centroids_y: Values = ()
    silent: Values = ()
    zeros: Values = ()
    saturated: Values = ()
    nans: Values = ()
    infinities: Values = ()
    accuracy: float = math.nan
    evaluated: int = -1
    diverged: bool = False
    stopped: bool = False

    @property
    def hidden(self) -> int:
        """How many hidden layers it has."""
        return len(self.layers) - 1

    @property
    def loss(self) -> float:
        """The median of the newest recorded losses; NaN while there are too few."""
        return median(self.losses) if len(self.losses) == RECENT else math.nan

    @property
    def fallen(self) -> float:
        """By what fraction of the first loss the loss has fallen; NaN while that is not known."""
        return 1 - self.loss / self.first_loss if self.first_loss > 0 else math.nan

    def farthest(self, values: Values | None = None) -> tuple[str, float]:
        """Return the hidden layer with the largest value (of drift unless given) and that; "" where none is."""
        hidden = (self.drift if values is None else values)[: self.hidden]
        pairs = zip(hidden, self.layers, strict=False)
        value, layer = max((pair for pair in pairs if math.isfinite(pair[0])), default=(math.nan, ""))
        return layer, value


@dataclass
class _Columns:
    """The numbers of a stream's rows that are read: of each network's quantities, one a layer."""

    offsets: list[int] = field(default_factory=list)
    parts: list[tuple[Network, str, int, int]] = field(default_factory=list)
    index: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    def add(self, network: Network, name: str, offsets: list[int]) -> None:
        """Read one more quantity; an offset of -1 is of a layer that lacks it."""
        start = len(self.offsets)
        self.offsets += offsets
        self.parts.append((network, name, start, len(self.offsets)))
        self.index = np.array(self.offsets, dtype=np.intp)

    def read(self, row: NDArray[np.float32]) -> None:
        """Take over the numbers of a row."""
        values = row[self.index].tolist()
        for network, name, start, end in self.parts:
            found = [
                v if at >= 0 else math.nan for v, at in zip(values[start:end], self.offsets[start:end], strict=True)
            ]
            setattr(network, name, found)
            if name == "gradients" and not network.first_gradients:
                network.first_gradients = found


class Observed:
    """The newest numbers of all networks of a run.

    Attributes:
        networks: in the run's order.
        step: of the newest frame.
        learning_rate: of the update to come; NaN where it is not known.
        interventions: since which step something is done to a network, and what, by its name.
        drift_stream: name of the stream with the drift; "" where a run records none.
    """

    def __init__(self, header: RunHeader) -> None:
        self.networks = tuple(Network(one.name, tuple(layer.name for layer in one.layers)) for one in header.networks)
        self.step = 0
        self.learning_rate = math.nan
        self.interventions: dict[str, tuple[int, Intervention]] = {}
        layouts = {layout.name: layout for layout in header.layouts if layout.revision == 0}
        self.drift_stream, quantity = next((pair for pair in DRIFTS if pair[0] in layouts), ("", ""))
        self._names = {layout.number: name for name, layout in layouts.items()}
        self._columns = {name: _Columns() for name in layouts}
        self._scalars: dict[str, dict[tuple[str, str], int]] = {}
        for name, layout in layouts.items():
            self._scalars[name] = {(e.network, e.quantity): e.offset for e in layout.entries if e.layer == ""}
        for network, info in zip(self.networks, header.networks, strict=True):
            self._add(layouts.get("layers"), network, info, "gradients", "gradient_norm", ("",))
            self._add(layouts.get("layers"), network, info, "zeros", "zero_fraction", ("output",))
            self._add(layouts.get("layers"), network, info, "saturated", "saturated_fraction", INPUT_SITES)
            self._add(layouts.get("layers"), network, info, "nans", "nan_count", (*INPUT_SITES, "input"))
            self._add(layouts.get("layers"), network, info, "infinities", "infinite_count", (*INPUT_SITES, "input"))
            self._add(layouts.get("drift"), network, info, "silent", "dead_fraction", ("output",))
            self._add(layouts.get(self.drift_stream), network, info, "drift", quantity, INPUT_SITES)
            for part, name in enumerate(("centroids_x", "centroids_y")):
                self._add(layouts.get("input_cloud"), network, info, name, "input_centroid", ("",), part)

    def read(self, frame: Frame) -> str:
        """Take over the numbers of a frame, and return the name of its stream."""
        name = self._names.get(frame.stream, "")
        row = frame.row
        if name and self._columns[name].parts:
            self._columns[name].read(row)
        if name == "steps":
            self.learning_rate = _at(row, self._scalars[name].get(("", "learning_rate")))
        if name in {"steps", "logged_loss"}:
            self._read_losses(name, row, frame.step)
        elif name == "evaluation":
            offsets = self._scalars[name]
            for network in self.networks:
                network.accuracy = _at(row, offsets.get((network.name, "test_accuracy")))
                network.evaluated = frame.step
        self.step = frame.step
        return name

    def _read_losses(self, stream: str, row: NDArray[np.float32], step: int) -> None:
        offsets = self._scalars[stream]
        for network in self.networks:
            at = offsets.get((network.name, "loss"))
            if at is None:
                continue
            loss = float(row[at])
            network.losses.append(loss)
            network.loss_step = step
            if math.isnan(network.first_loss):
                network.first_loss = loss

    def _add(
        self, layout: Layout | None, network: Network, info: NetworkInfo, name: str, quantity: str,
        sites: Sequence[str], part: int | None = None,
    ) -> None:  # fmt: skip
        """Read a quantity of each layer at the first of the sites; of two numbers one (`part`)."""
        if layout is None:
            return
        found: dict[tuple[str, str], Entry] = {
            (entry.layer, entry.site): entry
            for entry in layout.entries
            if entry.network == network.name and entry.quantity == quantity and entry.size == (1 if part is None else 2)
        }
        offsets = [
            next((found[layer.name, site].offset + (part or 0) for site in sites if (layer.name, site) in found), -1)
            for layer in info.layers
        ]
        if max(offsets, default=-1) >= 0:
            self._columns[layout.name].add(network, name, offsets)


def _at(row: NDArray[np.float32], offset: int | None) -> float:
    return math.nan if offset is None else float(row[offset])
