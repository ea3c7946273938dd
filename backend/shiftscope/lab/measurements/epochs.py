"""Passes over the whole training set in eval mode after each epoch."""

from __future__ import annotations

from typing import Any, cast

from pydantic import JsonValue, TypeAdapter
from typing_extensions import override

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.training.loop import Training

_EPOCHS: TypeAdapter[list[dict[str, dict[str, float]]]] = TypeAdapter(list[dict[str, dict[str, float]]])


class WholeTrainingSet(Measurement):
    """Evaluates on all training samples, where the run's own evaluations take at most 10,000 of them."""

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._epochs: list[dict[str, dict[str, float]]] = []

    def evaluated(self) -> None:
        """Evaluate after each epoch."""
        if self.training.steps_done > 0:
            self._epochs.append(self.training.evaluate(training_samples=len(self.samples.train_labels)))

    @override
    def carried(self) -> JsonValue:
        return cast("JsonValue", self._epochs)

    @override
    def carry_on(self, carried: Any) -> None:
        self._epochs = _EPOCHS.validate_python(carried, strict=True)

    def figures(self) -> dict[str, float]:
        """Return each epoch's losses and accuracies as "network/epoch/whole_train_loss" and so on."""
        return {
            f"{network}/{epoch}/whole_{name}": value
            for epoch, found in enumerate(self._epochs, start=1)
            for network, metrics in found.items()
            for name, value in metrics.items()
            if name.startswith("train_")
        }
