"""Gradient norms of a recurrent network, before they are clipped."""

from __future__ import annotations

from typing import Any, cast

import torch
from pydantic import JsonValue, TypeAdapter
from typing_extensions import override

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.training.loop import StepResult, Training

_NORMS: TypeAdapter[dict[str, list[float]]] = TypeAdapter(dict[str, list[float]])


class WholeGradient(Measurement):
    """Norm of the gradient over all parameters at each step."""

    def __init__(self, config: RunConfig, training: Training, data: Data) -> None:
        super().__init__(config, training, data)
        self._norms: dict[str, list[float]] = {network: [] for network in training.networks}

    def before_update(self, result: StepResult) -> None:
        """Note the norms."""
        del result
        for name, network in self.training.networks.items():
            gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
            self._norms[name].append(torch.nn.utils.get_total_norm(gradients).item())

    @override
    def carried(self) -> JsonValue:
        return cast("JsonValue", self._norms)

    @override
    def carry_on(self, carried: Any) -> None:
        found = _NORMS.validate_python(carried, strict=True)
        if found.keys() != self._norms.keys():
            raise ValueError("the norms are of other networks")
        self._norms = found

    def figures(self) -> dict[str, float]:
        """Return the median and the largest norm over all steps; NaN where one step's is."""
        found = {}
        for network, norms in self._norms.items():
            known = torch.tensor(norms, dtype=torch.float64)
            found[f"{network}/median_whole_gradient"] = known.quantile(0.5).item()
            found[f"{network}/largest_whole_gradient"] = known.max().item()
        return found
