"""Which call gave out a tensor: what is called with it next belongs to the same layer."""

from __future__ import annotations

from weakref import ref

from torch import Tensor

from shiftscope.tracing.journal import Call

_MOST = 4096
"""Outputs that are remembered at most where parts are called by themselves, and no pass begins or ends."""


class Producers:
    """The calls that gave out tensors, as long as these exist and nobody has written over them."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[ref[Tensor], int, Call, bool]] = {}

    def note(self, tensor: Tensor, call: Call, *, passed: bool = False) -> None:
        """Note that a call has given out a tensor, or that a function has passed it on."""
        self._known[id(tensor)] = ref(tensor), version(tensor), call, passed

    def call_of(self, tensor: Tensor) -> Call | None:
        """Return the call that gave out a tensor; None where it is something else, or holds other values since."""
        known = self._known.get(id(tensor))
        if known is None or known[0]() is not tensor or known[1] != version(tensor):
            return None
        return known[2]

    def was_passed_on(self, tensor: Tensor) -> bool:
        """Whether a function has passed on what a call gave out, where `call_of` knows it."""
        known = self._known.get(id(tensor))
        return known is not None and known[3]

    def limit(self) -> None:
        """Forget all, where there are too many."""
        if len(self._known) > _MOST:
            self._known.clear()

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()


def version(tensor: Tensor) -> int:
    """Return how often a tensor was written to; of those made in inference mode torch keeps no count."""
    return 0 if tensor.is_inference() else tensor._version
