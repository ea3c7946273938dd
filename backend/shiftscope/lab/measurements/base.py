"""What every measuring does: it follows a training and comes out with figures."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import nn

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.loop import StepResult, Training

Evaluation = Mapping[str, Mapping[str, float]]
"""By network: test_loss, test_accuracy, train_loss, train_accuracy."""


class Recorded(Protocol):
    """What the scope has recorded of the run: a Recording, or frames that were kept on the way."""

    def steps(self, stream: str) -> NDArray[np.int64]:
        """See Recording."""

    def values(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> NDArray[np.float32]:
        """See Recording."""


class Measuring:
    """Follows one run and measures for its verdict; this one takes what was evaluated last.

    It must leave the networks and torch's random state as they are. Subclasses look at copies.
    """

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        self.config = config
        self.training = training
        self.samples = data
        self.evaluations: list[tuple[int, Evaluation]] = []

    def evaluated(self, metrics: Evaluation) -> None:
        """Take note of an evaluation: before the first step, after each epoch and after the last step."""
        self.evaluations.append((self.training.steps_done, metrics))

    def before_update(self, result: StepResult) -> None:
        """Look between the gradients of a batch and the update."""

    def after_update(self) -> None:
        """Look after an update."""

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return what the verdict rests on."""
        del recorded
        return self.final()

    def data(self) -> dict[str, JsonValue]:
        """Return what the page draws apart from the streams; nothing for most experiments."""
        return {}

    def final(self) -> dict[str, float]:
        """Return the figures of the last evaluation, as "network/test_accuracy" and so on."""
        _, metrics = self.evaluations[-1]
        return {f"{network}/{name}": value for network, found in metrics.items() for name, value in found.items()}

    def steps_to(self, accuracy: float) -> dict[str, float]:
        """Return at which evaluated step each network first had a test accuracy; infinity where it never did."""
        return {
            network: next(
                (float(step) for step, found in self.evaluations if found[network]["test_accuracy"] >= accuracy),
                float("inf"),
            )
            for network in self.training.networks
        }

    def copy(self, network: str, mode: Literal["train", "eval"] = "train") -> nn.Module:
        """Return a copy of a network as it is now, to do with as one likes."""
        return copy.deepcopy(self.training.networks[network]).train(mode == "train")
