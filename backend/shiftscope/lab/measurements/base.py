"""What every measurement does: it follows a training and comes out with figures that the run's streams do not hold."""

from __future__ import annotations

import copy
from typing import Any, Literal

from pydantic import JsonValue
from torch import nn

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.loop import StepResult, Training


class Measurement:
    """Follows one run; this one measures nothing: all that the verdict needs is recorded.

    It must leave the networks and torch's random state as they are. Subclasses measure copies.
    """

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        self.config = config
        self.training = training
        self.samples = data

    def evaluated(self) -> None:
        """Follow an evaluation: before the first step, after each epoch and after the last step."""

    def before_update(self, result: StepResult) -> None:
        """Measure between the gradients of a batch and the update."""

    def carried(self) -> JsonValue:
        """Return what was found at the steps so far and cannot be found later, to be kept with a checkpoint."""
        return None

    def carry_on(self, carried: Any) -> None:  # noqa: ANN401  whatever `carried` returned
        """Go on from what another measurement of this kind has found. Raises ValueError where it is other."""

    def figures(self) -> dict[str, float]:
        """Return the figures once the last step is done."""
        return {}

    def data(self) -> dict[str, JsonValue]:
        """Return what the page draws apart from the streams; nothing for most experiments."""
        return {}

    def copy(self, network: str, mode: Literal["train", "eval"] = "train") -> nn.Module:
        """Return a copy of a network as it is now, to do with as one likes."""
        return copy.deepcopy(self.training.networks[network]).train(mode == "train")
