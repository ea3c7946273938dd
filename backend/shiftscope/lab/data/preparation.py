"""What a config asks to be done to a data set before it is trained on: noise, corruption, scaling."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from shiftscope import config
from shiftscope.lab.data.types import Data
from shiftscope.lab.training import seeds

_NOISE_SEED = 0
"""Label noise is a property of the data: the same for every run."""


def prepare(data: Data, options: config.Images) -> Data:
    """Return `data`, whose pixels go from 0 to 1, as `options` ask for it.

    The training labels are made noisy, the test images corrupted, and then all pixels scaled, by figures of the
    training set alone.
    """
    labels = noisy_labels(data.train_labels, data.classes, options.label_noise)
    corrupted = corrupt(replace(data, train_labels=labels), options.test_corruption, options.image)
    return scale(corrupted, options.scaling, options.white, options.image[0])


def noisy_labels(labels: Tensor, classes: int, fraction: float) -> Tensor:
    """Return `labels` (N,) with round(fraction N) of them replaced by another class, each other one equally likely."""
    count = round(fraction * len(labels))
    if count == 0:
        return labels
    generator = seeds.generator(_NOISE_SEED, seeds.Stream.LABELS)
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    noisy = labels.clone()
    noisy[chosen] = (labels[chosen] + torch.randint(1, classes, (count,), generator=generator)) % classes
    return noisy


def corrupt(data: Data, corruption: config.Corruption, image: tuple[int, int, int]) -> Data:
    """Return `data` with its test set changed; for unseen classes the training set is, too."""
    match corruption:
        case config.NoCorruption():
            return data
        case config.Brightness(brightness=brightness, contrast=contrast):
            changed = (contrast * (data.test_inputs - 0.5) + 0.5 + brightness).clamp_(0, 1)
            return replace(data, test_inputs=changed)
        case config.Rotation(degrees=degrees):
            return replace(data, test_inputs=rotate(data.test_inputs, degrees, image))
        case config.UnseenClasses(classes=left_out):
            seen = data.classes - left_out
            train, test = data.train_labels < seen, data.test_labels >= seen
            return replace(
                data,
                train_inputs=data.train_inputs[train],
                train_labels=data.train_labels[train],
                test_inputs=data.test_inputs[test],
                test_labels=data.test_labels[test],
            )


def rotate(inputs: Tensor, degrees: float, image: tuple[int, int, int]) -> Tensor:
    """Turn images (N, channels rows columns) counter-clockwise around their centres; bilinear, black from outside."""
    images = inputs.reshape(-1, *image)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    _, rows, columns = image
    # Where a pixel of the result comes from, in coordinates from -1 to 1, x to the right and y down.
    back = torch.tensor([[cos, -sin * rows / columns, 0.0], [sin * columns / rows, cos, 0.0]], dtype=inputs.dtype)
    grid = functional.affine_grid(back.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False).flatten(1)


def scale(data: Data, scaling: str, white: float, channels: int = 1) -> Data:
    """Scale pixels from [0, 1]: "unit" leaves them, "raw" makes white what it is in the file.

    "standardized" takes each channel's mean over the training pixels from it and divides by their standard deviation;
    "binary" makes 1 of what is above one half and 0 of the rest.
    """
    match scaling:
        case "raw":
            return _each(data, lambda pixels: pixels * white)
        case "standardized":
            return _standardized(data, channels)
        case "binary":
            return _each(data, lambda pixels: (pixels > 0.5).to(pixels.dtype))
    return data


def _standardized(data: Data, channels: int) -> Data:
    by_channel = data.train_inputs.reshape(len(data.train_inputs), channels, -1).unbind(1)
    deviations, means = zip(*(torch.std_mean(pixels, correction=0) for pixels in by_channel), strict=True)
    deviation, mean = (torch.stack(figures).reshape(1, channels, 1) for figures in (deviations, means))
    return _each(data, lambda pixels: ((pixels.reshape(len(pixels), channels, -1) - mean) / deviation).flatten(1))


def _each(data: Data, change: Callable[[Tensor], Tensor]) -> Data:
    return replace(data, train_inputs=change(data.train_inputs), test_inputs=change(data.test_inputs))
