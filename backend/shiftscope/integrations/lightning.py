"""A callback for Lightning's Trainer: `Trainer(callbacks=[WatchCallback()])` watches the module that is fitted."""

from __future__ import annotations

import math
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from shiftscope.notices import notice
from shiftscope.scope import Scope, watch

_OTHER = {"loss": "logged loss", "accuracy": "logged accuracy"}


class WatchCallback(Callback):
    """Watches the module while it is fitted, on the first process alone; steps go on where those before ended.

    The loss of each batch is logged; whatever the module itself logs is, too, after each epoch and validation.

    Args:
        options: of `shiftscope.watch`, but for the network and its optimizers.

    Attributes:
        scope: that watches; None before the fit.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  those of watch()
        self._options = options
        self.scope: Scope | None = None

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        steps = trainer.estimated_stepping_batches
        known = {
            "optimizer": list(trainer.optimizers) or None,
            "total_steps": int(steps) if 0 < steps < math.inf else None,
            "first_step": trainer.global_step,
        }
        self.scope = watch(pl_module, **{**known, **self._options})

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if self.scope is not None and loss is not None:
            self.scope.log(loss=loss)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._log(trainer)

    @override
    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.sanity_checking:
            self._log(trainer)

    @override
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.scope is not None:
            self.scope.close()

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if self.scope is None:
            return
        if isinstance(exception, KeyboardInterrupt):
            self.scope.close("stopped", notice("end.keyboard"))
        else:
            self.scope.close("failed", f"{type(exception).__name__}: {exception}")

    def _log(self, trainer: Trainer) -> None:
        if self.scope is not None:
            # The loss of each batch has its own chart: what a module logs under that name is another one.
            self.scope.log(**{_OTHER.get(name, name): value
                              for name, value in trainer.callback_metrics.items()})  # fmt: skip
