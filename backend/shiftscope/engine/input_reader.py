"""What layers are given when a network is run on inputs of the scope's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.study import Inputs
from shiftscope.tracing.isolation import Isolation
from shiftscope.tracing.layers import Layer


class InputReader:
    """Runs a network in isolation, as it trains but for chance, and reads what the linear maps of layers are given.

    The network is a study's: a copy, on which hooks are nobody else's business.
    """

    def __init__(self, network: TracedNetwork, layers: Sequence[Layer], reader: Callable[[Tensor], Any]) -> None:
        """Read the first tensor that each layer is given; where it is called several times, at the last."""
        self._network = network.module
        self._isolation = Isolation(network.module, network.layers)
        self._modules = [layer.core.module for layer in layers]
        self._reader = reader
        self._found: list[Any] = []

    def read(self, inputs: Inputs) -> list[Any]:
        """Run the network; return what was read at each layer, and None for those that were not called."""
        self._found = [None] * len(self._modules)
        with ExitStack() as hooks, self._isolation(), torch.no_grad():
            for index, module in enumerate(self._modules):
                hooks.enter_context(module.register_forward_pre_hook(partial(self._called, index), with_kwargs=True))
            inputs.run(self._network)
        return self._found

    def _called(self, index: int, _module: nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        given = next((one for one in tree_leaves((arguments, keywords)) if isinstance(one, Tensor)), None)
        self._found[index] = None if given is None else self._reader(given)
