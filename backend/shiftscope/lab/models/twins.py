"""Networks that are the same but for their normalization."""

from __future__ import annotations

import torch
from torch import nn

from shiftscope.config import RunConfig
from shiftscope.lab.models import networks
from shiftscope.lab.training import seeds


def twins(config: RunConfig, inputs: int, classes: int) -> dict[str, nn.Module]:
    """Build the networks of a run, by variant: the same start weights wherever shapes agree.

    `inputs` is the number of features; a network that sees images takes them for the data set's. The weights follow
    from the config's seed alone; torch's global random state is neither read nor changed.
    """
    built: dict[str, nn.Module] = {}
    for variant in config.variants:
        with torch.random.fork_rng(devices=[]):
            # the CPU generator alone: torch.manual_seed would reach the GPU's, which fork_rng does not bring back here
            torch.default_generator.manual_seed(seeds.derive(config.seed, seeds.Stream.WEIGHTS))
            built[variant.name] = networks.build(config.network, variant, inputs, classes, config.dataset.image)
    return built
