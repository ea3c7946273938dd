"""Gradient shift: internal covariate shift as the gradient feels it (Santurkar et al. 2018, definition 2.1).

For layer i, on one batch: G is the gradient by its weights at all the parameters of step t; G' is the same with the
earlier layers' parameters, gamma and beta among them, already updated to step t + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from shiftscope.engine.loss_evaluator import LossEvaluator, put
from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.parameters import parameters_of
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import RowWriter, Study, TrainingStep
from shiftscope.kernels.gradient_difference import compare
from shiftscope.tracing.segments import segments

_SOURCE = "Santurkar et al. 2018, definition 2.1"
L2 = Quantity(
    "l2", "1", "||G - G'||_2; 0 without shift, and for the first layer by definition", sites="weight", source=_SOURCE
)
COSINE = Quantity(
    "cosine", "1", "G . G' / (||G|| ||G'||); 1 without shift, for the first layer by definition, and where both are 0",
    sites="weight", source=_SOURCE,
)  # fmt: skip


_UNMOVED = np.array([0.0, 1.0])
"""L2 and cosine of the first layer, by definition."""


@dataclass(frozen=True)
class _Stage:
    """A layer's weights and all the parameters that are updated before the next layer's turn."""

    weight: nn.Parameter
    parameters: list[nn.Parameter] = field(default_factory=list)


class _GradientShift(Study):
    """Compares gradients before and after the earlier layers' update.

    Where the network is a chain, what the updated earlier layers pass on is computed once, layer by layer, and only
    what follows is run and differentiated for each: exact, and about a third of the work.
    """

    def __init__(self, setup: ProbeSetup) -> None:
        network = setup.network
        self._evaluator = LossEvaluator(setup)
        named, self._stages = _stages(network)
        self._places = [setup.add_all((L2, COSINE), name, "weight") for name in named]
        linears = [layer.core.module for layer in network.layers if layer.name in set(named)]
        self._segments = segments(network.module, linears)
        self._parameters = [parameter for stage in self._stages for parameter in stage.parameters]
        self._later = self._parameters[len(self._stages[0].parameters) :]
        self._old: list[Tensor] = []
        self._gradients: list[Tensor] | None = None

    @override
    def before(self, step: TrainingStep, row: RowWriter) -> None:
        """Keep the parameters and, where they are those of the loss, the gradients that training has computed.

        The first layer has nothing before it: without its gradient, its old parameters are not needed either. It is
        often the largest.
        """
        weights = [stage.weight for stage in self._stages]
        trusted = self._evaluator.repeats_training(step, weights)
        self._gradients = (
            [torch.zeros_like(w) if w.grad is None else w.grad.clone() for w in weights[1:]] if trusted else None
        )
        self._old = [parameter.detach().clone() for parameter in (self._later if trusted else self._parameters)]

    @override
    def after(self, step: TrainingStep, row: RowWriter) -> None:
        """Compute each layer's other gradient and write how far it is from the first."""
        new = [stage_values(stage) for stage in self._stages]
        with self._evaluator(self._parameters):
            if self._gradients is None:
                put(self._parameters, self._old)
                weights = [stage.weight for stage in self._stages[1:]]
                own = self._evaluator.gradients(step, weights) if weights else []
            else:
                put(self._later, self._old)
                own = self._gradients
            by_parts = self._segments is not None and not self._evaluator.random
            shifted = self._along_the_chain(step, new) if by_parts else self._one_by_one(step, new)
            row.write(self._places[0], _UNMOVED)
            for place, one, other in zip(self._places[1:], own, shifted, strict=True):
                row.write(place, compare(one, other))
        self._old, self._gradients = [], None

    def _along_the_chain(self, step: TrainingStep, new: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        cut = self._segments or []
        passed, shifted = step.inputs, []
        for index in range(1, len(self._stages)):
            put(self._stages[index - 1].parameters, new[index - 1])
            with torch.no_grad():
                for link in cut[index - 1]:
                    passed = link(passed)
            outputs = passed
            for segment in cut[index:]:
                for link in segment:
                    outputs = link(outputs)
            shifted += self._evaluator.differentiate(outputs, step, [self._stages[index].weight])
        return shifted

    def _one_by_one(self, step: TrainingStep, new: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        shifted = []
        for index in range(1, len(self._stages)):
            put(self._stages[index - 1].parameters, new[index - 1])
            shifted += self._evaluator.gradients(step, [self._stages[index].weight])
        return shifted


def stage_values(stage: _Stage) -> list[Tensor]:
    """Return the memory of a stage's parameters as they are now."""
    return [parameter.data for parameter in stage.parameters]


def _stages(network: TracedNetwork) -> tuple[list[str], list[_Stage]]:
    """List the layers that have weights of their own, and group all parameters by them, in forward order.

    Parameters of no layer belong with the one registered before them.
    """
    names: list[str] = []
    stages: list[_Stage] = []
    stage_of: dict[int, _Stage] = {}
    for layer in network.layers:
        own = parameters_of(layer)
        weight = own.get("weight")
        if weight is not None and id(weight) not in stage_of:
            names.append(layer.name)
            stages.append(_Stage(weight))
        for parameter in own.values():
            if stages:
                stage_of.setdefault(id(parameter), stages[-1])
    current = stages[0] if stages else None
    for parameter in network.module.parameters():
        current = stage_of.get(id(parameter), current)
        if current is not None and parameter.requires_grad:
            current.parameters.append(parameter)
    return names, stages


def _make(setup: ProbeSetup) -> _GradientShift | None:
    return _GradientShift(setup) if _stages(setup.network)[1] else None


def _warm_up() -> None:
    nothing = torch.zeros(1, 1)
    compare(nothing, nothing)


GRADIENT_SHIFT = Probe(
    "gradient_shift",
    "change of each layer's gradient because the earlier layers were updated",
    (L2, COSINE),
    study=_make,
    tier=Tier.STANDARD,
    share=0.05,
    needs=frozenset({Need.LOSS, Need.TARGETS}),
    warm_up=_warm_up,
    restores=True,
)
