"""Random streams that a run's one seed determines, independent of each other and of torch's global state."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch


class Stream(IntEnum):
    """What a random stream is used for."""

    WEIGHTS = 0
    BATCHES = 1
    PROBE = 2
    LAYERS = 3
    LABELS = 4
    NOISE = 5
    REPLICAS = 6


def derive(seed: int, *path: int) -> int:
    """Return a 63-bit seed for one stream of the run's `seed`: another path, an independent stream."""
    return int(np.random.SeedSequence((seed, *path)).generate_state(1, np.uint64)[0]) >> 1


def generator(seed: int, *path: int) -> torch.Generator:
    """Return a CPU generator of its own for one stream of the run's `seed`."""
    return torch.Generator().manual_seed(derive(seed, *path))
