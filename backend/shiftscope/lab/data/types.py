"""What a data set is to the lab, and how its loading speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from shiftscope.notices import Notice, NoticeError, notice

Progress = Callable[[Notice, float | None], None]
"""Receives what is being waited for and the fraction done, None where it is unknown."""


class DatasetError(NoticeError):
    """A data set cannot be had. The message says which file, what is wrong with it and what to do about it."""


class FormatError(NoticeError):
    """Bytes that are not of the format expected. The message completes "the file ..."."""


def broken(file: str | Notice, fault: Notice) -> DatasetError:
    """Return the error of a file that is there but not what it should be; `fault` completes "the file ..."."""
    return DatasetError(notice("data.broken", file=file, fault=fault, remedy=notice("data.remedy")))


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
