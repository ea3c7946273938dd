"""A data set of one file: two classes of 2 x 3 pixels, told apart by which half is bright."""

from __future__ import annotations

from typing import Literal

import numpy as np

from shiftscope.config.datasets import Images, Samples


class Toy(Images):
    """Noise with a bright left half, or a bright right one: 64 for training and 32 for testing."""

    title = "Toy"
    image = (1, 2, 3)
    white = 1
    class_counts = (32, 32)

    kind: Literal["toy"] = "toy"

    @classmethod
    def samples(cls) -> Samples:
        random = np.random.default_rng(0)
        labels = np.tile([0, 1], 48)
        pixels = random.random((96, 2, 3), np.float32) / 2
        pixels[labels == 0, :, 0] += 0.5
        pixels[labels == 1, :, 2] += 0.5
        flat = pixels.reshape(96, -1)
        return Samples(flat[:64], labels[:64], flat[64:], labels[64:])
