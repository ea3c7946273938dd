"""What stands at chosen sites of a network when it is run on inputs of the scope's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.study import Inputs
from shiftscope.tracing.isolation import Isolation
from shiftscope.tracing.journal import Call
from shiftscope.tracing.layers import Site
from shiftscope.tracing.tracer import Given, Output, PartObserver, Tracer

Reader = Callable[[Tensor], Any]
"""Takes what is wanted from a site's values, which may be overwritten afterwards."""


class SiteReader(PartObserver):
    """Runs a network in isolation, as it trains but for chance, and reads its sites."""

    def __init__(self, network: TracedNetwork, readers: Sequence[tuple[Site, Reader]]) -> None:
        """Read each site by its reader; of a site that is passed several times the last pass counts."""
        self._network = network.module
        self._overwriting = network.overwriting
        self._isolation = Isolation(network.module, network.layers)
        self._readers = [((site.part, site.end, site.layer), reader) for site, reader in readers]
        self._tracer = Tracer(
            network.module, _raise, any_pass=True, functions=network.functions, selection=network.selection,
            found=network.found,
        )  # fmt: skip
        self._tracer.observe_with(self)
        self._found: list[Any] = []

    def read(self, inputs: Inputs) -> list[Any]:
        """Run the network; return what each reader took, and None for those whose site nothing passed."""
        self._found = [None] * len(self._readers)
        self._tracer.arm()
        try:
            with self._isolation(), torch.no_grad():
                inputs.run(self._network)
        finally:
            self._tracer.disarm()
            self._tracer.clear()
        return self._found

    @override
    def before(self, part: int) -> Given | None:
        return (lambda call, tensor: self._observe(part, 0, call, tensor)) if part in self._overwriting else None

    @override
    def after(self, part: int) -> Output:
        def passed(call: Call, given: Tensor, output: Tensor) -> None:
            if part not in self._overwriting:
                self._observe(part, 0, call, given)
            self._observe(part, 1, call, output)

        return passed

    def _observe(self, part: int, end: int, call: Call, tensor: Tensor) -> None:
        here = (part, end, call.layer)
        for index, (where, reader) in enumerate(self._readers):
            if where == here:
                self._found[index] = reader(tensor)


def _raise(_part: int | None, error: Exception) -> None:
    raise error
