"""Studies: measurements that run the network themselves, each on a schedule of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine.program import Place

Loss = Callable[[Tensor, Tensor], Tensor]


class TrainingStep(NamedTuple):
    """A step of training: its batch, and what the update will be made with.

    Attributes:
        number: updates so far.
        inputs: of the step's batch; the network's first argument.
        targets: of the step's batch, where they were given.
        learning_rate: where it is known.
    """

    number: int
    inputs: Tensor
    targets: Tensor | None
    learning_rate: float | None


@dataclass(frozen=True)
class RunInputs:
    """What a run was given to measure with.

    Attributes:
        loss: (outputs, targets) -> a scalar, where it was given.
        probe_batch: fixed inputs, where a probe needs them.
        targets: whether each step's targets are given.
        learning_rate: whether it is known.
        units: single units that are recorded.
    """

    loss: Loss | None = None
    probe_batch: Tensor | None = None
    targets: bool = False
    learning_rate: bool = False
    units: tuple[int, ...] = (0, 1, 2)


class RowWriter:
    """A network's part of the rows: where its places are."""

    def __init__(self, values: NDArray[np.float32], starts: Mapping[str, int]) -> None:
        self.values, self.starts = values, starts

    def write(self, place: Place, numbers: NDArray[np.floating] | float) -> None:
        """Write a number, or several that stand side by side; what is too large for 32 bits is infinite there."""
        at = self.starts[place.stream] + place.offset
        with np.errstate(over="ignore"):
            if isinstance(numbers, float):
                self.values[at] = numbers
            else:
                self.values[at : at + numbers.size] = numbers.reshape(-1)


class Study:
    """One network's study: override what it needs.

    At a step that is due, `before` is called between backward pass and update, then `after` once the network was
    updated; each leaves network, gradients, modes and random state as they were.
    """

    def before(self, step: TrainingStep, row: RowWriter) -> None:
        """Study the network as the update will find it."""

    def after(self, step: TrainingStep, row: RowWriter) -> None:
        """Study the network as the update left it."""
