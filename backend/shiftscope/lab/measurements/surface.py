"""The loss surface of a linear model of two inputs, raw and standardized, and gradient descent on it."""

from __future__ import annotations

import torch
from pydantic import JsonValue
from torch import Tensor

from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.training import seeds

_PEOPLE, _PEOPLE_SEED = 200, 18
_GRID = 41
_MAX_STEPS = 20_000
_SHOWN_STEPS = 200
ENOUGH = 0.01
"""Gradient descent has arrived when this fraction of the excess loss at its start is left."""


class LossSurface(Measurement):
    """Half the mean squared error of w1 age + w2 height as a prediction, over its two weights.

    The inputs (years, centimetres) are drawn once; a run whose data set is standardized standardizes them as well.
    """

    def figures(self) -> dict[str, float]:
        """Return the Hessian's condition number and the steps of gradient descent."""
        inputs, targets = self._people()
        hessian = inputs.T @ inputs / len(inputs)
        eigenvalues = torch.linalg.eigvalsh(hessian)
        condition = (eigenvalues[-1] / eigenvalues[0]).item()
        return {"surface/condition": condition, "surface/steps": float(len(self._path(inputs, targets)) - 1)}

    def data(self) -> dict[str, JsonValue]:
        """Return the grid, the losses on it ("loss"[row of w2][column of w1]), the lowest point and the path."""
        inputs, targets = self._people()
        lowest = torch.linalg.lstsq(inputs, targets[:, None]).solution[:, 0]
        path = self._path(inputs, targets)
        reach = 1.4 * (path - lowest).abs().max()
        w1, w2 = (torch.linspace(float(at - reach), float(at + reach), _GRID, dtype=torch.float64) for at in lowest)
        grid = torch.stack(torch.meshgrid(w1, w2, indexing="xy"), dim=-1)
        losses = 0.5 * (grid @ inputs.T - targets).square().mean(dim=-1)
        shown = path[: _SHOWN_STEPS + 1]
        return {
            "surface": {
                "inputs": ["age", "height"], "w1": w1.tolist(), "w2": w2.tolist(), "loss": losses.tolist(),
                "lowest": lowest.tolist(), "path": shown.tolist(), "steps": len(path) - 1,
            }
        }  # fmt: skip

    def _people(self) -> tuple[Tensor, Tensor]:
        """Return (age, height), float64, shape (200, 2), and what is predicted from them, (200,)."""
        generator = seeds.generator(_PEOPLE_SEED)
        age = 20 + 50 * torch.rand(_PEOPLE, generator=generator, dtype=torch.float64)
        height = 170 + 10 * torch.randn(_PEOPLE, generator=generator, dtype=torch.float64)
        chance = torch.randn(_PEOPLE, generator=generator, dtype=torch.float64)
        raw = torch.stack((age, height), dim=1)
        std, mean = torch.std_mean(raw, dim=0, correction=0)
        standardized = (raw - mean) / std
        targets = standardized @ torch.tensor([0.5, 0.3], dtype=torch.float64) + 0.2 * chance
        return (standardized if self.config.dataset.scaling == "standardized" else raw), targets

    def _path(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the points (steps + 1, 2) of gradient descent with the best constant step, 2 / (λ₁ + λₙ).

        It begins where the loss is 1 above the lowest, in the direction (1, 1) from it.
        """
        hessian, slope = inputs.T @ inputs / len(inputs), inputs.T @ targets / len(inputs)
        lowest = torch.linalg.solve(hessian, slope)
        eigenvalues = torch.linalg.eigvalsh(hessian)
        rate = 2 / (eigenvalues[0] + eigenvalues[-1])
        direction = torch.ones(2, dtype=torch.float64)
        offset: Tensor = direction * torch.sqrt(2 / (direction @ hessian @ direction))
        points = [offset]
        while 0.5 * (offset @ hessian @ offset) > ENOUGH and len(points) <= _MAX_STEPS:
            offset = offset - rate * (hessian @ offset)
            points.append(offset)
        path: Tensor = torch.stack(points) + lowest
        return path
