"""What a data set is to the lab, and how its loading speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Progress = Callable[[str, float | None], None]
"""Receives a sentence for the page and the fraction done, None where it is unknown."""


class DatasetError(Exception):
    """A data set cannot be had. The message says which file, what is wrong with it and what to do about it."""


@dataclass(frozen=True)
class Data:
    """A data set split for training and testing, in memory.

    Attributes:
        train_inputs: float32, shape (N, F), a pixel's brightness from 0 to 1.
        train_labels: int64, shape (N,), from 0 to `classes` - 1.
        test_inputs: float32, shape (M, F).
        test_labels: int64, shape (M,).
        classes: number of classes.
    """

    train_inputs: Tensor
    train_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor
    classes: int
