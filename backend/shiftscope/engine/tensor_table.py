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

from shiftscope.kernels.interpreter import ADDRESS, COUNT, SLOT, WIDE
from shiftscope.kernels.tensor_memory import readable

_gradient = attrgetter("grad")
_NOTHING = torch.empty(0)


class TensorTable:
    """The table of gradients, then vectors: where each lies, shape (SLOT, tensors).

    Args:
        parameters: those whose gradients are looked at.
        vectors: for each vector, the mapping that holds it (a module's parameters or buffers) and its name there.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], vectors: Sequence[tuple[Mapping[str, Any], str]]) -> None:
        self._parameters, self._vectors = parameters, vectors
        size = len(parameters) + len(vectors)
        # Filled from Python, where array.array is quicker than numpy; both see the same memory.
        self._flat = array("q", bytes(8 * SLOT * size))
        self.table: NDArray[np.int64] = np.frombuffer(self._flat, dtype=np.int64).reshape(SLOT, size)
        self._size, self._gradients = size, len(parameters)
        self._plain = False
        self._dtype = torch.float32
        self._vector_addresses: list[int] = []

    def note(self) -> list[Any]:
        """Note where everything lies now; return what must be kept until it was read."""
        if not self._size:
            return []
        tensors = list(map(_gradient, self._parameters))
        try:
            # A gradient has its parameter's type, shape and device: torch sees to that.
            plain = self._plain and all(map(Tensor.is_contiguous, tensors))
            plain = plain and (not tensors or (tensors[0].is_cpu and tensors[0].dtype is self._dtype))
            tensors += [held[name] for held, name in self._vectors]
            addresses = list(map(Tensor.data_ptr, tensors))
        except TypeError:  # None: the loss does not depend on that parameter
            plain = False
        if plain and addresses[self._gradients :] == self._vector_addresses:
            self._flat[: self._size] = array("q", addresses)
            return tensors
        return self._note_anew()

    def _note_anew(self) -> list[Any]:
        gradients = [parameter.grad for parameter in self._parameters]
        tensors = [*gradients, *(held[name] for held, name in self._vectors)]
        values = [_NOTHING if tensor is None else readable(tensor) for tensor in tensors]
        size = self._size
        self._flat[ADDRESS * size : (ADDRESS + 1) * size] = array("q", map(Tensor.data_ptr, values))
        self._flat[COUNT * size : (COUNT + 1) * size] = array("q", map(Tensor.numel, values))
        self._flat[WIDE * size :] = array("q", [tensor.dtype is torch.float64 for tensor in values])
        self._plain = all(tensor is not None and _is_plain(tensor) for tensor in tensors)
        self._dtype = values[0].dtype if gradients else torch.float32
        self._vector_addresses = [tensor.data_ptr() for tensor in values[self._gradients :]]
        return values


def _is_plain(tensor: Tensor) -> bool:
    """Whether values are read where they lie, without a copy."""
    return tensor.is_cpu and tensor.is_contiguous() and tensor.dtype in {torch.float32, torch.float64}
