"""The training or test set of a data set, as tensors, from the contents of its files."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from shiftscope.config.datasets import Original
from shiftscope.lab.data import cifar, files, idx
from shiftscope.lab.data.files import Opened
from shiftscope.lab.data.types import FormatError, broken
from shiftscope.notices import notice

Bytes = NDArray[np.uint8]


def read_split(original: Original, contents: Sequence[Opened]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pixels from 0 to 1, float32, shape (N, F), and labels, int64, shape (N,).

    Raises:
        DatasetError: a content has another format, or is not the original's, to the last bit.
    """
    parts = [_idx(original, *contents)] if original.format == "idx" else [_cifar(original, one) for one in contents]
    pixels = np.empty((sum(map(len, (labels for _, labels in parts))), prod(original.image)), dtype=np.float32)
    np.concatenate([part.reshape(len(part), -1) for part, _ in parts], out=pixels)
    labels = np.concatenate([labels for _, labels in parts]).astype(np.int64)
    return torch.from_numpy(pixels).div_(255), torch.from_numpy(labels)


def _idx(original: Original, images: Opened, labels: Opened) -> tuple[Bytes, Bytes]:
    pixels, values = _parse_idx(images, dimensions=3), _parse_idx(labels, dimensions=1)
    if pixels.shape[1:] != original.image[1:]:
        found, expected = (" x ".join(map(str, size)) for size in (pixels.shape[1:], original.image[1:]))
        raise broken(images.place, notice("fault.image_size", found=found, expected=expected))
    if len(pixels) != len(values):
        fault = notice("fault.counts", images=len(pixels), labels=labels.place, count=len(values))
        raise broken(images.place, fault)
    _check(original, images, labels, values)
    return pixels, values


def _parse_idx(opened: Opened, dimensions: int) -> Bytes:
    # parsed before it is verified: "truncated" tells more than "another checksum"
    try:
        array = idx.parse(opened.content, dimensions)
    except FormatError as error:
        raise broken(opened.place, error.notice) from error
    files.verify(opened)
    return array


def _cifar(original: Original, batch: Opened) -> tuple[Bytes, Bytes]:
    try:
        pixels, labels = cifar.parse(batch.content, prod(original.image))
    except FormatError as error:
        raise broken(batch.place, error.notice) from error
    files.verify(batch)
    _check(original, batch, batch, labels)
    return pixels, labels


def _check(original: Original, images: Opened, labels: Opened, values: Bytes) -> None:
    if len(values) == 0:
        raise broken(images.place, notice("fault.no_image"))
    if values.max() >= original.classes:
        raise broken(labels.place, notice("fault.label", found=int(values.max()), most=original.classes - 1))
