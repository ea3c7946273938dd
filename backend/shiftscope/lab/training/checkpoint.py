"""All that a training carries from one step to the next, so that it goes on elsewhere with the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

FORMAT = 1
"""Of the file; one of another format is refused."""


class CheckpointError(ValueError):
    """A file that is no checkpoint, or a checkpoint that is not of this training. The message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training between two steps.

    What follows from its config alone is not in it: the data, and the fixed samples on which it is evaluated and
    studied.

    Attributes:
        steps_done: optimizer steps so far.
        networks: the state_dict of each: parameters and buffers.
        optimizers: the state_dict of each: moments, counters, learning rates.
        random: the state of the stream from which each network that draws random numbers draws them.
        order: the state of the stream from which the order of each epoch is drawn.
        permutation: that of the epoch under way, int64; empty before the first step.
        measuring: what else is carried along: by whoever measures the training. Tensors, numbers and texts in dicts,
            lists and tuples.
    """

    steps_done: int
    networks: Mapping[str, Mapping[str, Any]]
    optimizers: Mapping[str, Mapping[str, Any]]
    random: Mapping[str, Tensor]
    order: Tensor
    permutation: Tensor
    measuring: Mapping[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write a file, whole or not at all. Raises OSError."""
        partial = path.with_name(path.name + ".partial")
        contents = {one.name: getattr(self, one.name) for one in fields(self)}
        try:
            with partial.open("wb") as file:
                torch.save({"format": FORMAT, **contents}, file)
            partial.replace(path)
        except (OSError, RuntimeError) as error:  # torch writes the archive itself, and raises its own
            partial.unlink(missing_ok=True)
            raise OSError(f"{path} cannot be written: {error}") from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file. Raises OSError, or CheckpointError where it is none that this version can read."""
        try:
            contents = torch.load(path, map_location="cpu", weights_only=True)
            found = contents.pop("format")
            kept = cls(**contents) if found == FORMAT else None
        except OSError:
            raise
        except Exception as error:  # the reader of a file that may be anything raises anything
            raise CheckpointError(f"{path} is not a checkpoint: {error}") from error
        if kept is None:
            raise CheckpointError(f"{path} has format {found}; this version reads format {FORMAT}")
        return kept
