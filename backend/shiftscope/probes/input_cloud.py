"""What a layer is given of a fixed batch, as a cloud in a plane that stays where it was at the start."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.input_reader import InputReader
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.program import Place
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import RowWriter, Study, TrainingStep
from shiftscope.kernels.tensor_memory import dense, unseen

SAMPLES = 256
"""How many samples, the first of the probe batch, make up a cloud."""
POINTS = 128
"""Of how many of them the places are recorded."""
MOST_FEATURES = 16_384
"""Most values of a sample that are looked at; of more, evenly spaced ones."""

_PLANE = (
    f"of a layer's inputs for the probe batch's first {SAMPLES} samples, on their first two principal directions at "
    "the first recorded step, from their mean then, in the root mean square that they had there then along a direction"
)
INPUT_CLOUD = Quantity("input_cloud", "σ", f"places {_PLANE}: those of the first {POINTS}", "(samples, 2)")
INPUT_CENTROID = Quantity("input_centroid", "σ", f"mean place {_PLANE}", "(2,)")
INPUT_SPREAD = Quantity("input_spread", "σ", f"root mean square deviation from the mean place {_PLANE}: 1 then")

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The plane on which a layer's inputs are seen.

    Attributes:
        mean: of the first inputs, float64, shape (features,).
        axes: their first two principal directions over their root mean square along these, shape (features, 2).
    """

    mean: Doubles
    axes: Doubles

    @classmethod
    def of(cls, inputs: Doubles) -> Plane:
        """Find the plane of inputs (samples, features); each direction points to where its largest component does."""
        mean = inputs.mean(axis=0)
        centred = inputs - mean
        # of samples by samples: there may be many more features
        values, vectors = np.linalg.eigh(centred @ centred.T)
        directions = centred.T @ vectors[:, ::-1][:, :2]
        sizes = np.linalg.norm(directions, axis=0)
        seen = sizes > 1e-9 * max(1e-300, np.abs(inputs).max(initial=0.0))
        directions = np.divide(directions, sizes, out=np.zeros_like(directions), where=seen)
        if directions.shape[1] < 2:
            directions = np.pad(directions, ((0, 0), (0, 2 - directions.shape[1])))
        largest = directions[np.abs(directions).argmax(axis=0), (0, 1)]
        scale = np.sqrt(max(0.0, values[-2:].sum()) / (2 * len(inputs)))
        axes = directions * np.where(largest < 0, -1.0, 1.0) / scale if seen.any() else directions * np.nan
        return cls(mean, axes)

    def place(self, inputs: Doubles) -> Doubles:
        """Return where inputs lie, shape (samples, 2)."""
        return (inputs - self.mean) @ self.axes


class _InputCloud(Study):
    def __init__(self, setup: ProbeSetup) -> None:
        self._size = max(1, min(SAMPLES, setup.probe_batch.size))
        self._inputs = setup.probe_batch.head(self._size)
        self._count = min(POINTS, self._size)
        # What the first layer is given are the data, which stand still.
        layers = setup.network.layers[1:]
        self._places: list[tuple[Place, Place, Place]] = [
            (
                setup.add(INPUT_CLOUD, layer.name, shape=(self._count, 2)),
                setup.add(INPUT_CENTROID, layer.name, shape=(2,)),
                setup.add(INPUT_SPREAD, layer.name),
            )
            for layer in layers
        ]
        self._reader = InputReader(setup.network, layers, partial(_by_sample, count=self._size))
        self._planes: dict[int, Plane] = {}

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        for index, found in enumerate(self._reader.read(self._inputs)):
            placed = self._placed(index, found)
            cloud, centroid, spread = self._places[index]
            row.write(cloud, placed[: self._count])
            middle = placed.mean(axis=0)
            row.write(centroid, middle)
            row.write(spread, float(np.sqrt(((placed - middle) ** 2).mean())))

    def _placed(self, index: int, inputs: Doubles | None) -> Doubles:
        """Return where a layer's inputs lie; NaN where they are not those of single samples, or are not finite."""
        known = inputs is not None and len(inputs) == self._size and bool(np.isfinite(inputs).all())
        if known and inputs is not None:
            if index not in self._planes:
                self._planes[index] = Plane.of(inputs)
            if inputs.shape[1] == len(self._planes[index].mean):
                return self._planes[index].place(inputs)
        return np.full((self._size, 2), np.nan)

    @override
    def carried(self) -> Carried:
        planes = self._planes.items()
        return {str(index): {"mean": torch.from_numpy(one.mean), "axes": torch.from_numpy(one.axes)}
                for index, one in planes}  # fmt: skip

    @override
    def carry_on(self, carried: Carried) -> None:
        self._planes = {int(at): Plane(one["mean"].numpy(), one["axes"].numpy()) for at, one in carried.items()}


def _by_sample(tensor: Tensor, *, count: int) -> Doubles:
    """Read all that each sample is given as one row, shape (count, features); no row where they are not so many."""
    with unseen():
        values = dense(tensor)
        if values.dim() < 2 or len(values) != count or values.numel() == 0:
            return np.empty((0, 1))
        rows = values.reshape(count, -1)
        rows = rows[:, :: -(-rows.shape[1] // MOST_FEATURES)]
        return rows.to("cpu", torch.float64).numpy().copy()


CLOUD = Probe(
    "input_cloud",
    "what each layer but the first is given of the fixed batch, in the plane in which it varied most at the start",
    (INPUT_CLOUD, INPUT_CENTROID, INPUT_SPREAD),
    study=_InputCloud,
    tier=Tier.STANDARD,
    share=0.125,
    needs=frozenset({Need.PROBE_BATCH}),
    restores=True,
)
