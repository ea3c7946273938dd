"""A network that is compiled, whole or in part, seen by a copy of it that is not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from shiftscope.tracing.isolation import Isolation
from shiftscope.tracing.journal import Call, Pass
from shiftscope.tracing.layers import Layer
from shiftscope.tracing.selection import Selection
from shiftscope.tracing.shadow import Shadow
from shiftscope.tracing.tracer import PartObserver, Tracer


class Uncompiled:
    """A copy of a network that can be seen: compiled code runs without the calls of modules.

    Its parts are those of the network, in the same order.

    Args:
        network: to be copied.
        failed: told of an error, with the index of the part at which it was made.
        selection: which modules are to be layers.

    Raises:
        ShadowError: it cannot be copied.
    """

    def __init__(
        self, network: nn.Module, failed: Callable[[int | None, Exception], None], selection: Selection
    ) -> None:  # fmt: skip
        self._shadow = Shadow(network)
        self._tracer = Tracer(self._shadow.module, failed, any_pass=True, functions=False, selection=selection)
        norms = [Layer(part.name, part, part) for part in self._tracer.parts if part.kind == "normalization"]
        self._isolation = Isolation(self._shadow.module, norms)

    def see(self, passed: Pass, observer: PartObserver) -> list[Call]:
        """Run the copy as it is now with what a pass was given, as it trains but for chance; return the layers' calls.

        Whatever the network's own forward raises comes out.
        """
        self._tracer.observe_with(observer)
        self._tracer.arm()
        try:
            with self._shadow(), self._isolation(), torch.no_grad():
                self._shadow.module(*passed.arguments, **passed.keywords)
            seen = self._tracer.last_pass
            return [] if seen is None else list(seen.calls)
        finally:
            self._tracer.disarm()
            self._tracer.clear()
