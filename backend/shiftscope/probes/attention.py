"""How far attention spreads: the entropy of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from math import log, nan

import torch
from torch import Tensor

from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Observed, Probe, Tier
from shiftscope.tracing.layers import ATTENTION

_HEADS_APART = 4
_OVER = (
    "over the samples and queries whose weights are finite, for each head (one, where the module returns their mean)"
)

ENTROPY = Quantity(
    "attention_entropy", "nat",
    "-sum w ln w over the keys, of the weights w that the module returns, which are divided by their sum; mean "
    f"{_OVER}. Of weights that dropout has passed it is that of those that are left",
    "(heads,)", ATTENTION,
)  # fmt: skip
SHARE = Quantity(
    "attention_entropy_share", "fraction",
    "attention_entropy / ln(keys): 1 where all keys have the same weight, 0 where one has all", "(heads,)", ATTENTION,
)  # fmt: skip


def entropies(weights: Tensor) -> Mapping[str, Observed]:
    """Return the mean entropy of weights (samples, heads, queries, keys), or without heads, and its share of the most.

    Keys that a mask leaves out count among all keys.
    """
    wide = weights.double() if weights.dim() == _HEADS_APART else weights.double().unsqueeze(1)
    shares = wide / wide.sum(-1, keepdim=True)
    found = torch.special.entr(shares).sum(-1)
    known = found.isfinite()
    mean = found.where(known, torch.zeros_like(found)).sum((0, 2)) / known.sum((0, 2))
    keys = weights.shape[-1]
    return {ENTROPY.name: mean, SHARE.name: mean / (log(keys) if keys > 1 else nan)}


ENTROPIES = Probe(
    "attention", "entropy of attention's weights, where a module returns them", (ENTROPY, SHARE), observe=entropies,
    observed=(ATTENTION,), tier=Tier.STANDARD, restores=True,
)  # fmt: skip
