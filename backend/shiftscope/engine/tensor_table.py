"""Where tensors lie in memory, noted so that compiled code can read them.

This is the only part of a recorded step that is Python for each tensor, and so written for speed: nearly always all of
them lie on the host in one piece, in the types and sizes that they had before, and what is asked of them is asked by C
loops. All of it is asked anew at each step: a network's owner may do with its tensors what they like.
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

from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.kernels.interpreter import ADDRESS, COUNT, EXPECTED, SLOT, UNREADABLE, WIDE
from shiftscope.kernels.tensor_memory import (
    LOWEST_ADDRESS,
    OnHost,
    Unreadable,
    is_plain,
    is_there,
    lies_on_host,
    readable,
)

_gradient = attrgetter("grad")
_type = attrgetter("dtype")
_HOST = -1
_NOTHING = torch.empty(0, device="cpu")


class TensorTable:
    """The table of gradients, then vectors: where each lies, shape (SLOT, tensors).

    What cannot be read is noted as UNREADABLE many values.

    Args:
        parameters: those whose gradients are looked at.
        vectors: for each vector, the mapping that holds it (a module's parameters or buffers) and its name there; for
            as many values as it has now there is a place.
        earlier: a table of the same places, some of whose tensors were replaced.

    Attributes:
        places: how many values there is place for, by vector.
    """

    def __init__(
        self, parameters: Sequence[nn.Parameter], vectors: Sequence[tuple[Mapping[str, Any], str]],
        earlier: TensorTable | None = None, on_host: OnHost = lies_on_host,
    ) -> None:  # fmt: skip
        self._on_host = on_host
        self._parameters, self._vectors = parameters, vectors
        size = len(parameters) + len(vectors)
        # Filled from Python, where array.array is quicker than numpy; both see the same memory.
        self._flat = array("q", bytes(8 * SLOT * size))
        self.table: NDArray[np.int64] = np.frombuffer(self._flat, dtype=np.int64).reshape(SLOT, size)
        places: list[int] = [_size(held.get(name)) for held, name in vectors] if earlier is None else earlier.places
        self.places: list[int] = places
        self.table[EXPECTED, len(parameters) :] = places
        self._size = size
        self._classes: list[type] | None = None
        self._types: list[torch.dtype] = []
        self._counts: list[int] = []

    def note(self, kept: KeptParameters | None = None) -> list[Any] | None:
        """Note where everything lies now, or what was kept of it; return what must not be freed until it was read.

        None where something does not lie on the host: then nothing is noted.
        """
        if not self._size:
            return []
        tensors = self.now(kept)
        if kept is None and list(map(type, tensors)) == self._classes and self._as_before(tensors):
            addresses = list(map(Tensor.data_ptr, tensors))
            if min(addresses) >= LOWEST_ADDRESS or all(map(is_there, tensors)):
                self._flat[: self._size] = array("q", addresses)
                return tensors
        return self._note_anew(tensors)

    def now(self, kept: KeptParameters | None = None) -> list[Any]:
        """Return the gradients, then the vectors, as they are now, or as they were where they were kept."""
        if kept is not None:
            values = [kept.value(held.get(name)) for held, name in self._vectors]
            return [*map(kept.gradient, self._parameters), *values]
        tensors: list[Any] = list(map(_gradient, self._parameters))
        tensors += [held.get(name) for held, name in self._vectors]
        return tensors

    def _as_before(self, tensors: list[Tensor]) -> bool:
        """Whether plain tensors lie in one piece on the host, with the types and sizes that are noted."""
        try:
            return (
                list(map(_type, tensors)) == self._types
                and max(map(Tensor.get_device, tensors)) == _HOST
                and all(map(Tensor.is_contiguous, tensors))
                and list(map(Tensor.numel, tensors)) == self._counts
                # Of gradients only squares are read.
                and not any(map(Tensor.is_neg, tensors[len(self._parameters) :]))
            )
        except RuntimeError:  # a kind of tensor that has no memory in this sense
            return False

    def _note_anew(self, tensors: list[Any]) -> list[Any] | None:
        if any(isinstance(one, Tensor) and not (self._on_host(one) or one.is_meta) for one in tensors):
            return None
        gradients = len(self._parameters)
        values = [_readable(tensor, gradient=index < gradients) for index, tensor in enumerate(tensors)]
        size = self._size
        there = [_NOTHING if one is None else one for one in values]
        self._flat[ADDRESS * size : (ADDRESS + 1) * size] = array("q", map(Tensor.data_ptr, there))
        self._counts = [UNREADABLE if one is None else one.numel() for one in values]
        self._flat[COUNT * size : (COUNT + 1) * size] = array("q", self._counts)
        self._flat[WIDE * size : (WIDE + 1) * size] = array("q", [one.dtype is torch.float64 for one in there])
        # Where all are read where they lie, the next ones are only compared with them.
        plain = all(map(_is_read_in_place, tensors, values))
        self._classes = list(map(type, tensors)) if plain else None
        self._types = [one.dtype for one in there]
        return values


def _readable(tensor: Any, *, gradient: bool) -> Tensor | None:  # noqa: ANN401  whatever stands where a tensor did
    """Return what can be read of a tensor: nothing of a gradient that is not there; None if it cannot."""
    if tensor is None and gradient:  # the loss does not depend on that parameter
        return _NOTHING
    if not isinstance(tensor, Tensor):
        return None
    try:
        return readable(tensor, zeros=not gradient)
    except Unreadable:
        return None


def _size(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.numel()


def _is_read_in_place(tensor: Any, values: Tensor | None) -> bool:  # noqa: ANN401
    return values is not None and is_plain(tensor) and values.data_ptr() == tensor.data_ptr()
