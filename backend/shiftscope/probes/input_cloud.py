"""What a layer is given of a fixed batch, as a cloud in a plane that stays where it was at the start."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

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
UNITS = 4
"""How many single inputs of a layer are recorded, any two of which are axes of a plane too."""
UNIT_POINTS = 64
"""Of how many samples the values at these are recorded."""
BITS = 12
"""In how many significant bits places are recorded that are only drawn: the rest is noise, which no file can pack."""

_PLANE = (
    f"of a layer's inputs for the probe batch's first {SAMPLES} samples, on their first two principal directions at "
    "the first recorded step, from their mean then, in the root mean square that they had there then along a direction"
)
_DRAWN = f"in {BITS} significant bits, which is more than a screen shows"
INPUT_CLOUD = Quantity("input_cloud", "σ", f"places {_PLANE}: those of the first {POINTS}, {_DRAWN}", "(samples, 2)")
INPUT_CENTROID = Quantity("input_centroid", "σ", f"mean place {_PLANE}", "(2,)")
INPUT_SPREAD = Quantity("input_spread", "σ", f"root mean square deviation from the mean place {_PLANE}: 1 then")

_UNITS = (
    f"of the {UNITS} inputs of a layer that varied most over the probe batch's first {SAMPLES} samples at the first "
    "recorded step, from their mean then, in the standard deviation that each had then"
)
INPUT_UNITS = Quantity(
    "input_units", "1",
    f"which of a layer's inputs, from 0, in their order: the {UNITS} that varied most over the probe batch's first "
    f"{SAMPLES} samples at the first recorded step; NaN where there are fewer", "(units,)",
)  # fmt: skip
INPUT_UNIT_VALUES = Quantity(
    "input_unit_values", "σ", f"values {_UNITS}: those of the first {UNIT_POINTS} samples, {_DRAWN}",
    "(samples, units)",
)  # fmt: skip
INPUT_UNIT_MEAN = Quantity("input_unit_mean", "σ", f"mean {_UNITS}", "(units,)")
INPUT_UNIT_STD = Quantity("input_unit_std", "σ", f"standard deviation {_UNITS}: 1 then", "(units,)")

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


@dataclass(frozen=True)
class Units:
    """The single inputs of a layer that varied most at the start.

    Attributes:
        which: their places among all that a sample has, in order, shape (UNITS,); -1 where there are fewer.
        mean: of each then, float64, shape (UNITS,).
        std: of each then, likewise.
    """

    which: NDArray[np.int64]
    mean: Doubles
    std: Doubles

    @classmethod
    def of(cls, inputs: Doubles) -> Units:
        """Find those of inputs (samples, features)."""
        spread = inputs.std(axis=0)
        which = np.full(UNITS, -1)
        most = np.sort(np.argsort(-spread, kind="stable")[:UNITS])
        which[: len(most)] = most
        return cls(which, inputs.mean(axis=0)[which], np.where(which < 0, np.nan, spread[which]))

    def place(self, inputs: Doubles) -> Doubles:
        """Return the values of inputs at these, shape (samples, UNITS); NaN where one did not vary."""
        placed = np.full((len(inputs), UNITS), np.nan)
        np.divide(inputs[:, self.which] - self.mean, self.std, out=placed, where=self.std > 0)
        return placed


class _Places(NamedTuple):
    """Where the numbers of a layer are written."""

    cloud: Place
    centroid: Place
    spread: Place
    units: Place
    values: Place
    mean: Place
    std: Place


class _InputCloud(Study):
    def __init__(self, setup: ProbeSetup) -> None:
        self._size = max(1, min(SAMPLES, setup.probe_batch.size))
        self._inputs = setup.probe_batch.head(self._size)
        self._count = min(POINTS, self._size)
        # What the first layer is given are the data, which stand still.
        # A function is given nothing that a module would be.
        layers = [layer for layer in setup.network.layers[1:] if not layer.core.function]
        self._unit_count = min(UNIT_POINTS, self._size)
        self._names = [layer.name for layer in layers]
        self._places = [self._lay_out(setup, name) for name in self._names]
        self._reader = InputReader(setup.network, layers, partial(_by_sample, count=self._size))
        self._planes: dict[int, Plane] = {}
        self._units: dict[int, Units] = {}

    def _lay_out(self, setup: ProbeSetup, layer: str) -> _Places:
        return _Places(
            setup.add(INPUT_CLOUD, layer, shape=(self._count, 2)),
            setup.add(INPUT_CENTROID, layer, shape=(2,)),
            setup.add(INPUT_SPREAD, layer),
            setup.add(INPUT_UNITS, layer, shape=(UNITS,)),
            setup.add(INPUT_UNIT_VALUES, layer, shape=(self._unit_count, UNITS)),
            setup.add(INPUT_UNIT_MEAN, layer, shape=(UNITS,)),
            setup.add(INPUT_UNIT_STD, layer, shape=(UNITS,)),
        )

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        for index, found in enumerate(self._reader.read(self._inputs)):
            places = self._places[index]
            inputs, every = found or (None, 1)
            usable = self._usable(index, inputs)
            placed = self._planes[index].place(usable) if usable is not None else self._nothing(2)
            row.write(places.cloud, _drawn(placed[: self._count]))
            middle = placed.mean(axis=0)
            row.write(places.centroid, middle)
            row.write(places.spread, float(np.sqrt(((placed - middle) ** 2).mean())))
            values = self._units[index].place(usable) if usable is not None else self._nothing(UNITS)
            units = self._units.get(index)
            row.write(places.units, _numbers(units, every))
            row.write(places.values, _drawn(values[: self._unit_count]))
            row.write(places.mean, values.mean(axis=0))
            row.write(places.std, values.std(axis=0))

    def _nothing(self, width: int) -> Doubles:
        return np.full((self._size, width), np.nan)

    def _usable(self, index: int, inputs: Doubles | None) -> Doubles | None:
        """Return a layer's inputs; None where they are not those of single samples, are not finite, or others."""
        if inputs is None or len(inputs) != self._size or not np.isfinite(inputs).all():
            return None
        if index not in self._planes:
            self._planes[index] = Plane.of(inputs)
            self._units[index] = Units.of(inputs)
        return inputs if inputs.shape[1] == len(self._planes[index].mean) else None

    @override
    def carried(self) -> Carried:
        return {self._names[at]: _carried(plane, self._units[at]) for at, plane in self._planes.items()}

    @override
    def carry_on(self, carried: Carried) -> None:
        """Go on in the planes that were carried here of layers of the same names: their order may be another one."""
        for at, name in enumerate(self._names):
            known = {key: one.numpy() for key, one in carried.get(name, {}).items()}
            if known.keys() >= _CARRIED:  # an earlier version carried less
                self._planes[at] = Plane(known["mean"], known["axes"])
                self._units[at] = Units(known["which"], known["unit_mean"], known["unit_std"])


_CARRIED = frozenset({"mean", "axes", "which", "unit_mean", "unit_std"})


def _carried(plane: Plane, units: Units) -> dict[str, Tensor]:
    arrays = {"mean": plane.mean, "axes": plane.axes, "which": units.which, "unit_mean": units.mean}
    return {name: torch.from_numpy(array) for name, array in (arrays | {"unit_std": units.std}).items()}


def _drawn(values: Doubles) -> Doubles:
    """Round to so many significant bits as a picture needs; what is not finite stays as it is."""
    fraction, exponent = np.frexp(values)
    rounded: Doubles = np.ldexp(np.round(np.ldexp(fraction, BITS)), exponent - BITS)
    return rounded


def _numbers(units: Units | None, every: int) -> Doubles:
    """Return which inputs these are, of all that a sample has, where only every so many were read."""
    if units is None:
        return np.full(UNITS, np.nan)
    return np.where(units.which < 0, np.nan, units.which * float(every))


def _by_sample(tensor: Tensor, *, count: int) -> tuple[Doubles, int]:
    """Read all that each sample is given as one row, and how many values lie between two that are read.

    The rows have the shape (count, features); there is none where the samples are not so many.
    """
    with unseen():
        values = dense(tensor)
        if values.dim() < 2 or len(values) != count or values.numel() == 0:
            return np.empty((0, 1)), 1
        rows = values.reshape(count, -1)
        every = -(-rows.shape[1] // MOST_FEATURES)
        return rows[:, ::every].cpu().to(torch.float64).numpy().copy(), every


CLOUD = Probe(
    "input_cloud",
    "what each layer but the first is given of the fixed batch, in the plane in which it varied most at the start, and "
    "at the single inputs that did",
    (INPUT_CLOUD, INPUT_CENTROID, INPUT_SPREAD, INPUT_UNITS, INPUT_UNIT_VALUES, INPUT_UNIT_MEAN, INPUT_UNIT_STD),
    study=_InputCloud,
    tier=Tier.STANDARD,
    share=0.125,
    needs=frozenset({Need.PROBE_BATCH}),
    restores=True,
)
