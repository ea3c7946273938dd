"""Studies: measurements that run the network themselves, each on a schedule of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from shiftscope.engine.kept_parameters import Used
from shiftscope.engine.program import Place
from shiftscope.engine.scope_state import Carried
from shiftscope.tracing.values import count_samples, tensors_in

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Inputs:
    """What a network is called with: arguments and keywords of any structure."""

    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    beside: str = ""
    """Of a probe batch, what the network is called with in training, in words."""

    @classmethod
    def given(cls, value: Any) -> Inputs:  # noqa: ANN401  whatever the network takes
        """Read a probe batch: a mapping is keywords, a tuple arguments, two of both are both, all else one argument."""
        if isinstance(value, Mapping):
            return cls(keywords=value)
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], tuple) and isinstance(value[1], dict):
            return cls(value[0], value[1])
        return cls(value if isinstance(value, tuple) else (value,))

    @property
    def first(self) -> Tensor | None:
        """The first tensor there is."""
        return next(tensors_in(self.arguments, self.keywords), None)

    @property
    def size(self) -> int:
        """How many samples there are: the length of the first tensor."""
        return count_samples(self.arguments, self.keywords)

    def run(self, network: nn.Module) -> Any:  # noqa: ANN401  whatever the network gives
        """Call a network. Raises ValueError where it cannot be called with a probe batch."""
        if not self.beside:
            return network(*self.arguments, **self.keywords)
        try:
            return network(*self.arguments, **self.keywords)
        except Exception as error:
            asked = f"the network cannot be called with probe_batch, {self.in_words}"
            raise ValueError(f"{asked}; it is called with {self.beside}: {error}") from error

    @property
    def in_words(self) -> str:
        """The tensors that there are, by their shapes."""
        shapes = [" × ".join(map(str, one.shape)) or "1" for one in tensors_in(self.arguments, self.keywords)]
        if not shapes:
            return "no tensor"
        return f"a tensor of {shapes[0]}" if len(shapes) == 1 else f"tensors of {' and '.join(shapes[:4])}"

    def copied(self) -> Inputs:
        """Return the same with tensors of its own."""
        return self._mapped(lambda tensor: tensor.detach().clone())

    def head(self, size: int) -> Inputs:
        """Return the first samples: of each tensor that has one value for each of them."""
        whole = self.size
        if size == whole:
            return self
        return self._mapped(lambda tensor: tensor[:size] if tensor.dim() and len(tensor) == whole else tensor)

    def _mapped(self, function: Callable[[Tensor], Tensor]) -> Inputs:
        arguments, keywords = tree_map(
            lambda leaf: function(leaf) if isinstance(leaf, Tensor) else leaf, (self.arguments, dict(self.keywords))
        )
        return replace(self, arguments=arguments, keywords=keywords)


class TrainingStep(NamedTuple):
    """A step of training: its batch, and what the update will be made with.

    Attributes:
        number: updates so far.
        given: what the network was called with.
        targets: of the step's batch, where they were given.
        learning_rate: where it is known.
        used: what the update uses of parameters and their gradients.
    """

    number: int
    given: Inputs
    targets: Tensor | None
    learning_rate: float | None
    used: Used = Used()

    def copied(self) -> TrainingStep:
        """Return the same with tensors of its own."""
        return self._replace(
            given=self.given.copied(), targets=None if self.targets is None else self.targets.detach().clone()
        )

    @property
    def inputs(self) -> Tensor:
        """The first tensor that the network was called with. Raises ValueError where there is none."""
        if self.given.first is None:
            raise ValueError(f"step {self.number}: the network was called without any tensor")
        return self.given.first


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
    probe_batch: Inputs | None = None
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
    updated. The network that a study is given is a copy, which has the parameters, buffers, gradients and modes of the
    one that is trained whenever one of the two is called: what a study does to it, the training does not notice.
    """

    def before(self, step: TrainingStep, row: RowWriter) -> None:
        """Study the network as the update will find it."""

    def after(self, step: TrainingStep, row: RowWriter) -> None:
        """Study the network as the update left it."""

    def carried(self) -> Carried:
        """Return what later steps are compared with, where there is such."""
        return {}

    def carry_on(self, carried: Carried) -> None:
        """Compare with what another study of this probe has carried here."""
