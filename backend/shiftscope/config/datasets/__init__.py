"""Which samples a run is trained and tested on: one module a data set, which declares all that is known of it."""

from typing import Annotated, get_args

from pydantic import Field

from shiftscope.config.datasets._images import (
    Brightness,
    Corruption,
    Images,
    NoCorruption,
    Rotation,
    Samples,
    UnseenClasses,
)
from shiftscope.config.datasets._original import Content, KnownFile, Original
from shiftscope.config.datasets.cifar10 import Cifar10
from shiftscope.config.datasets.digits import Digits
from shiftscope.config.datasets.fashion_mnist import FashionMnist
from shiftscope.config.datasets.mnist import Mnist

Dataset = Annotated[Digits | Mnist | FashionMnist | Cifar10, Field(discriminator="kind")]
"""The registry: the API, the command line, the form and the loader offer what stands here, in this order."""

DATASETS: tuple[type[Images], ...] = get_args(get_args(Dataset)[0])

__all__ = [
    "DATASETS", "Brightness", "Cifar10", "Content", "Corruption", "Dataset", "Digits", "FashionMnist", "Images",
    "KnownFile", "Mnist", "NoCorruption", "Original", "Rotation", "Samples", "UnseenClasses",
]  # fmt: skip
