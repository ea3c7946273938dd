"""A callback for Transformers' Trainer: `Trainer(..., callbacks=[WatchCallback()])` watches its model."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from shiftscope.scope import Scope, watch


class WatchCallback(TrainerCallback):
    """Watches the model while it is trained, on the first process alone; steps go on where those before ended.

    What the Trainer logs is logged: its loss is the mean over `logging_steps`.

    Args:
        options: of `shiftscope.watch`, but for the network and its optimizer.

    Attributes:
        scope: that watches; None before the training.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  those of watch()
        self._options = options
        self.scope: Scope | None = None

    @override
    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        if not state.is_world_process_zero:
            return
        known = {
            "optimizer": given.get("optimizer"),
            "total_steps": state.max_steps if state.max_steps > 0 else None,
            "first_step": state.global_step,
        }
        self.scope = watch(given["model"], **{**known, **self._options})

    @override
    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: Any
    ) -> None:
        if self.scope is not None:
            self.scope.log(**{name: value for name, value in (logs or {}).items() if isinstance(value, int | float)})

    @override
    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if self.scope is not None:
            self.scope.close()
