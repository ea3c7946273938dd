"""The loss landscape along the gradient (Santurkar et al. 2018, figure 4)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.loss_evaluator import LossEvaluator, put
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import RowWriter, Study, TrainingStep

_SOURCE = "Santurkar et al. 2018, figure 4"
MULTIPLES = (0.5, 1.0, 2.0, 3.0, 4.0)
"""Steps along the negative gradient, in learning rates."""
_SHAPE = f"({len(MULTIPLES)},)"

ALONG = Quantity(
    "landscape_loss", "nat", "L(w - eta g), g the gradient of the step's batch at w; eta over the learning rate stands "
    "in the entry's coordinates", shape=_SHAPE, source=_SOURCE,
)  # fmt: skip
VARIATION = Quantity("landscape_variation", "nat", "largest minus smallest of L(w) and landscape_loss", source=_SOURCE)
PREDICTIVENESS = Quantity(
    "gradient_predictiveness", "1", "||grad L(w) - grad L(w - eta g)||_2, over all parameters, for the same eta",
    shape=_SHAPE, source=_SOURCE,
)  # fmt: skip
SMOOTHNESS = Quantity(
    "effective_smoothness", "1", "largest ||grad L(w) - grad L(w - eta g)||_2 / (eta ||g||_2), the effective beta",
    source=_SOURCE,
)  # fmt: skip


class _Landscape(Study):
    def __init__(self, setup: ProbeSetup) -> None:
        self._evaluator = LossEvaluator(setup)
        self._parameters = [parameter for parameter in setup.network.module.parameters() if parameter.requires_grad]
        shape = (len(MULTIPLES),)
        self._along = setup.add(ALONG, shape=shape, coordinates=MULTIPLES)
        self._variation = setup.add(VARIATION)
        self._predictiveness = setup.add(PREDICTIVENESS, shape=shape, coordinates=MULTIPLES)
        self._smoothness = setup.add(SMOOTHNESS)

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        """Walk along the gradient and come back."""
        rate = step.learning_rate or np.nan
        with self._evaluator(self._parameters):
            start = [parameter.data for parameter in self._parameters]
            first, gradient = self._evaluate(step)
            losses, changes = [], []
            for multiple in MULTIPLES:
                put(self._parameters, [w - multiple * rate * g for w, g in zip(start, gradient, strict=True)])
                loss, there = self._evaluate(step)
                losses.append(loss)
                changes.append(_norm([one - other for one, other in zip(gradient, there, strict=True)]))
        distances = np.array(MULTIPLES) * rate * _norm(gradient)
        row.write(self._along, np.array(losses))
        row.write(self._variation, float(max(first, *losses) - min(first, *losses)))
        row.write(self._predictiveness, np.array(changes))
        with np.errstate(invalid="ignore", divide="ignore"):
            row.write(self._smoothness, float(np.max(np.array(changes) / distances)))

    def _evaluate(self, step: TrainingStep) -> tuple[float, list[Tensor]]:
        loss = self._evaluator.loss(self._evaluator.outputs(step), step)
        found = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        gradients = [torch.zeros_like(p) if g is None else g for p, g in zip(self._parameters, found, strict=True)]
        return loss.item(), gradients


def _norm(tensors: list[Tensor]) -> float:
    return float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(tensor) for tensor in tensors])).item())


LANDSCAPE = Probe(
    "landscape",
    "loss and gradient along the gradient",
    (ALONG, VARIATION, PREDICTIVENESS, SMOOTHNESS),
    study=_Landscape,
    tier=Tier.FULL,
    share=0.015,
    needs=frozenset({Need.LOSS, Need.TARGETS, Need.LEARNING_RATE}),
    restores=True,
)
