"""What the narrator knows of a run at a step: the numbers of the newest frames, by network and layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shiftscope.config import Intervention
from shiftscope.narration.columns import AT_START, COLUMNS, INPUT_SITES, Column
from shiftscope.narration.network import Network
from shiftscope.wire.frames import Frame, Layout, RunHeader

DRIFTS = (
    ("drift", "wasserstein_over_sigma_from_start"),
    ("batch_drift", "batch_wasserstein_over_sigma_from_start"),
)
"""The drift that is spoken of, by the stream that has it: what the page shows unless another is chosen."""


@dataclass
class _Columns:
    """The numbers of a stream's rows that are read: of each network's quantities, one a layer."""

    offsets: list[int] = field(default_factory=list)
    parts: list[tuple[Network, str, int, int]] = field(default_factory=list)
    index: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    def add(self, network: Network, name: str, offsets: list[int]) -> None:
        """Read one more quantity, where any layer has it; an offset of -1 is of one that lacks it."""
        if max(offsets, default=-1) < 0:
            return
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
            if name == "gradients":
                network.meet_gradients(found, [at >= 0 for at in self.offsets[start:end]])
            elif name == "means":
                network.meet_moments()
            elif name == "drift":
                network.meet_drift(found)


@dataclass(frozen=True)
class Known:
    """What is known of a run after a frame; see Observed."""

    networks: tuple[Network, ...]
    step: int
    learning_rate: float
    interventions: dict[str, tuple[int, Intervention]]
    lost: set[str]


class Observed:
    """The newest numbers of all networks of a run.

    Attributes:
        networks: in the run's order.
        step: of the newest frame.
        learning_rate: of the update to come; NaN where it is not known.
        interventions: since which step something is done to a network, and what, by its name.
        drift_stream: name of the stream with the drift; "" where a run records none.
        lost: networks of which a loss was logged that is no number: of others NaN says that none was logged.
    """

    def __init__(self, header: RunHeader) -> None:
        self.lost: set[str] = set()
        self.networks = tuple(Network(one.name, tuple(layer.name for layer in one.layers)) for one in header.networks)
        self.step = 0
        self.learning_rate = math.nan
        self.interventions: dict[str, tuple[int, Intervention]] = {}
        names = {layout.name for layout in header.layouts}
        self.drift_stream, self._drift = next((pair for pair in DRIFTS if pair[0] in names), ("", ""))
        self.revise(header)

    @property
    def known(self) -> Known:
        """What is known now."""
        return Known(self.networks, self.step, self.learning_rate, self.interventions, self.lost)

    def carry_on(self, known: Known, header: RunHeader) -> None:
        """Go on from what was known when frames were laid out as a header says. Raises ValueError."""
        names = [(one.name, tuple(layer.name for layer in one.layers)) for one in header.networks]
        if names != [(one.name, one.layers) for one in known.networks]:
            raise ValueError("what is known is of other networks")
        self.networks, self.step, self.learning_rate = known.networks, known.step, known.learning_rate
        self.interventions, self.lost = known.interventions, known.lost
        self.revise(header)

    def revise(self, header: RunHeader) -> None:
        """Read frames of all layouts that a header has; of layers that did not run numbers are NaN."""
        for network, info in zip(self.networks, header.networks, strict=True):
            network.revised(tuple(layer.name for layer in info.layers))
        self._names = {layout.number: layout.name for layout in header.layouts}
        drift = Column(self.drift_stream, "drift", self._drift, INPUT_SITES)
        self._columns = {one.number: _columns(self.networks, one, header, (*COLUMNS, drift)) for one in header.layouts}
        self._at_start = {one.number: _columns(self.networks, one, header, AT_START) for one in header.layouts}
        self._scalars = {
            layout.number: {(e.network, e.quantity): e.offset for e in layout.entries if e.layer == ""}
            for layout in header.layouts
        }

    def read(self, frame: Frame) -> str:
        """Take over the numbers of a frame, and return the name of its stream."""
        name = self._names.get(frame.stream, "")
        row = frame.row
        first = self._at_start.pop(frame.stream, None)
        if first is not None and first.parts:
            first.read(row)
        if name and self._columns[frame.stream].parts:
            self._columns[frame.stream].read(row)
        if name == "steps":
            self.learning_rate = _at(row, self._scalars[frame.stream].get(("", "learning_rate")))
        if name in {"steps", "logged_loss"}:
            self._read_losses(self._scalars[frame.stream], row, frame.step, alone=name == "logged_loss")
        elif name == "evaluation":
            offsets = self._scalars[frame.stream]
            for network in self.networks:
                network.accuracy = _at(row, offsets.get((network.name, "test_accuracy")))
                network.evaluated = frame.step
        self.step = frame.step
        return name

    def _read_losses(
        self, offsets: Mapping[tuple[str, str], int], row: NDArray[np.float32], step: int, *, alone: bool
    ) -> None:  # fmt: skip
        # Each network's loss may be logged by itself, and at another step than the others'.
        alone = alone and len(self.networks) > 1
        for network in self.networks:
            at = offsets.get((network.name, "loss"))
            if at is None:
                continue
            loss = float(row[at])
            if alone and math.isnan(loss) and network.name not in self.lost:
                continue
            network.losses.append(loss)
            network.loss_step = step
            if math.isnan(network.first_loss):
                network.first_loss = loss


def _columns(networks: Sequence[Network], layout: Layout, header: RunHeader, wanted: Sequence[Column]) -> _Columns:
    columns = _Columns()
    for network, info in zip(networks, header.networks, strict=True):
        for one in wanted:
            if one.stream == layout.name:
                columns.add(network, one.name, one.offsets(layout, info))
    return columns


def _at(row: NDArray[np.float32], offset: int | None) -> float:
    return math.nan if offset is None else float(row[offset])
