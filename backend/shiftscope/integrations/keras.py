"""A callback for Keras 3 on torch: `model.fit(..., callbacks=[WatchCallback()])` watches the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from torch import nn
from typing_extensions import override

from shiftscope.scope import Scope, watch
from shiftscope.tracing.errors import WatchError


class WatchCallback(keras.callbacks.Callback):
    """Watches the model while it is fitted. What Keras logs is logged: its loss is the mean of the epoch so far.

    Args:
        network: that is watched; by default those of torch's that stand in the model (`TorchModuleWrapper`), and where
            there are none the model, with Keras' own layers.
        options: of `shiftscope.watch`, but for the network and its optimizer.

    Attributes:
        scope: that watches; None before the first batch.
    """

    def __init__(self, network: nn.Module | None = None, **options: Any) -> None:  # noqa: ANN401  those of watch()
        super().__init__()
        self._network, self._options = network, options
        self.scope: Scope | None = None

    @override
    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Watch a model that is built.

        Raises:
            WatchError: Keras runs on something else than torch.
        """
        if keras.backend.backend() != "torch":
            raise WatchError(f"Keras runs on {keras.backend.backend()} here: KERAS_BACKEND=torch lets it run on torch")
        self.scope = None
        if self._network is not None or self.model.built:
            self._watch()

    @override
    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.scope is None and self.model.built:
            self._watch()

    @override
    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.scope is not None:
            self.scope.step()
            self.scope.log(**(logs or {}))

    @override
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.scope is not None:
            self.scope.log(**{name: value for name, value in (logs or {}).items() if name.startswith("val_")})

    @override
    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if self.scope is not None:
            self.scope.close()

    def _watch(self) -> None:
        wrapped = {
            one.name: one.module for one in self.model.layers if isinstance(one, keras.layers.TorchModuleWrapper)
        }
        self.scope = watch(self._network or wrapped or self.model, **self._options)
