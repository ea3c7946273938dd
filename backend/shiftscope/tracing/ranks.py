"""Which of several processes this is, where they train one network together."""

from __future__ import annotations

import os
from typing import NamedTuple

from torch import distributed


class Rank(NamedTuple):
    """A process of several: its number, from 0, and how many they are."""

    number: int
    of: int


def current_rank() -> Rank | None:
    """Return which process this is, as torch.distributed knows it, or as torchrun has said; None where it is alone."""
    if distributed.is_available() and distributed.is_initialized():
        rank = Rank(distributed.get_rank(), distributed.get_world_size())
    else:
        said = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
        rank = Rank(int(said[0]), int(said[1])) if all(one.isdecimal() for one in said) else Rank(0, 1)
    return rank if rank.of > 1 else None
