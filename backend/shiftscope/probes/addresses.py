"""Where tensors lie in memory, noted so that compiled code can read them.

This is the only part of a recorded step that is Python for each tensor, and so written for speed: nearly always all of
them lie on the host in one piece, in the types that they had before, and what is asked of them is asked by C loops.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shiftscope.probes.execute import ADDRESS, COUNT, SLOT, WIDE
from shiftscope.probes.memory import readable

_dtype = attrgetter("dtype")
_on_cpu = attrgetter("is_cpu")
_gradient = attrgetter("grad")
_NOTHING = torch.empty(0)


class Addresses:
    """The table of gradients, then vectors: where each lies.

    Args:
        parameters: those whose gradients are looked at.
        vectors: for each vector, the mapping that holds it (a module's parameters or buffers) and its name there.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], vectors: Sequence[tuple[Mapping[str, Any], str]]) -> None:
        self._parameters, self._vectors = parameters, vectors
        size = len(parameters) + len(vectors)
        # Filled from Python, where array.array is quicker than numpy; both see the same memory.
        self._flat = array("q", bytes(8 * SLOT * size))
        self.table: NDArray[np.int64] = np.frombuffer(self._flat, dtype=np.int64).reshape(size, SLOT)
        self._gradients = _Columns(0, len(parameters))
        self._rest = _Columns(len(parameters), size)
        self._gradients_known = False
        self._vector_addresses: list[int] = []

    def note(self) -> list[object]:
        """Note where everything lies now; return what must be kept until it was read."""
        kept: list[object] = []
        if self._parameters:
            self._note_gradients(kept)
        if self._vectors:
            self._note_vectors(kept)
        return kept

    def _note_gradients(self, kept: list[object]) -> None:
        gradients: list[Any] = list(map(_gradient, self._parameters))
        try:
            # A gradient has its parameter's type, shape and device: torch sees to that.
            plain = all(map(Tensor.is_contiguous, gradients)) and gradients[0].is_cpu
        except TypeError:  # None: the loss does not depend on that parameter
            plain = False
        if plain and self._gradients_known:
            kept.append(gradients)
            self._flat[self._gradients.address] = array("q", map(Tensor.data_ptr, gradients))
        else:
            self._write(self._gradients, gradients, kept)
            self._gradients_known = plain and _readable_types(list(map(_dtype, gradients)))

    def _note_vectors(self, kept: list[object]) -> None:
        vectors = [held[name] for held, name in self._vectors]
        addresses = list(map(Tensor.data_ptr, vectors))
        if addresses != self._vector_addresses:
            self._write(self._rest, vectors, kept)
            plain = all(map(_on_cpu, vectors)) and all(map(Tensor.is_contiguous, vectors))
            self._vector_addresses = addresses if plain and _readable_types(list(map(_dtype, vectors))) else []

    def _write(self, columns: _Columns, tensors: Sequence[Tensor | None], kept: list[object]) -> None:
        values = [_NOTHING if tensor is None else readable(tensor) for tensor in tensors]
        self._flat[columns.address] = array("q", map(Tensor.data_ptr, values))
        self._flat[columns.count] = array("q", map(Tensor.numel, values))
        self._flat[columns.wide] = array("q", [tensor.dtype is torch.float64 for tensor in values])
        kept.append(values)


class _Columns:
    """The columns of some rows of the table, as slices of its flat memory."""

    def __init__(self, first: int, last: int) -> None:
        self.address, self.count, self.wide = (
            slice(SLOT * first + column, SLOT * last, SLOT) for column in (ADDRESS, COUNT, WIDE)
        )


def _readable_types(types: Sequence[torch.dtype]) -> bool:
    return set(types) <= {torch.float32, torch.float64}
