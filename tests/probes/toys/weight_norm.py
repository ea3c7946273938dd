"""A toy study, with a stream of its own."""

import torch

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.engine.study import Study

NORM = Quantity("toy_weight_norm", "1", "||w||_2 of each layer's weights")


class _WeightNorm(Study):
    def __init__(self, setup):
        self._places = [(layer.core.module, setup.add(NORM, layer.name)) for layer in setup.network.layers]

    def after(self, step, row):
        for module, place in self._places:
            row.write(place, torch.linalg.vector_norm(module.weight.detach()).item())


WEIGHT_NORM = Probe(
    "toy_weight_norm",
    "size of each layer's weights",
    (NORM,),
    study=_WeightNorm,
    tier=Tier.FULL,
    share=0.25,
    needs=frozenset({Need.LEARNING_RATE}),
)
