"""The data sets that a run can name, as tensors: bundled, read from a folder, or fetched into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from shiftscope import config
from shiftscope.lab import files, idx
from shiftscope.lab.data import Data, DatasetError, Progress
from shiftscope.lab.files import KnownFile
from shiftscope.lab.preparation import prepare

__all__ = ["MNIST", "Data", "DatasetError", "IdxDataset", "Progress", "load", "load_idx"]

_DIGITS_TEST_SIZE = 360
_DIGITS_SPLIT_SEED = 0


@dataclass(frozen=True)
class IdxDataset:
    """A data set of the MNIST family: four IDX files, and where they are served.

    Attributes:
        title: as people call it.
        folder: name of its folder inside the folder of data sets.
        files: training images, training labels, test images, test labels.
        image: rows and columns of an image.
        classes: number of classes.
        mirrors: base URLs, tried in order.
    """

    title: str
    folder: str
    files: tuple[KnownFile, KnownFile, KnownFile, KnownFile]
    image: tuple[int, int]
    classes: int
    mirrors: tuple[str, ...]


MNIST = IdxDataset(
    title="MNIST",
    folder="mnist",
    files=(
        KnownFile(
            name="train-images-idx3-ubyte.gz",
            size=9_912_422,
            sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            content_sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        KnownFile(
            name="train-labels-idx1-ubyte.gz",
            size=28_881,
            sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            content_sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        KnownFile(
            name="t10k-images-idx3-ubyte.gz",
            size=1_648_877,
            sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            content_sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        KnownFile(
            name="t10k-labels-idx1-ubyte.gz",
            size=4_542,
            sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            content_sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    image=(28, 28),
    classes=10,
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
)


def load(dataset: config.Dataset, folder: Path, progress: Progress, mirrors: Sequence[str] = ()) -> Data:
    """Load a data set and prepare it as it asks, downloading it into `folder` where it is not there yet.

    Args:
        dataset: which one, and how.
        folder: the folder of data sets; the files of MNIST may lie in it or in its folder `mnist`.
        progress: told what is being done.
        mirrors: base URLs to fetch from instead of the known ones; each data set has a folder below them.

    Raises:
        DatasetError: a file is missing and cannot be fetched, or is not what it should be.
    """
    match dataset:
        case config.Digits():
            data = _digits()
        case config.Mnist():
            own = [f"{mirror.rstrip('/')}/{MNIST.folder}" for mirror in mirrors]
            data = load_idx(MNIST, folder, progress, own)
    return prepare(data, dataset)


def _digits() -> Data:
    """Return scikit-learn's bundled digits (16 grey levels), each class split 80 to 20, always the same way."""
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images.astype(np.float32) / np.float32(16),
        labels.astype(np.int64),
        test_size=_DIGITS_TEST_SIZE,
        stratify=labels,
        random_state=_DIGITS_SPLIT_SEED,
    )
    train_x, train_y, test_x, test_y = map(torch.from_numpy, (train_x, train_y, test_x, test_y))
    return Data(train_x, train_y, test_x, test_y, classes=10)


def load_idx(dataset: IdxDataset, folder: Path, progress: Progress, mirrors: Sequence[str] = ()) -> Data:
    """Load a data set of the MNIST family; see `load`."""
    folders = (folder / dataset.folder, folder)
    missing = [file for file in dataset.files if files.find(file, folders) is None]
    if missing:
        files.fetch(missing, folders[0], mirrors or dataset.mirrors, progress)
    progress(f"Reading {dataset.title}", None)
    train_images, train_labels, test_images, test_labels = dataset.files
    train_x, train_y = _split(dataset, train_images, train_labels, folders)
    test_x, test_y = _split(dataset, test_images, test_labels, folders)
    return Data(train_x, train_y, test_x, test_y, dataset.classes)


def _split(
    dataset: IdxDataset, images: KnownFile, labels: KnownFile, folders: Sequence[Path]
) -> tuple[torch.Tensor, torch.Tensor]:
    image_path, pixels = _array(images, folders, dimensions=3)
    label_path, values = _array(labels, folders, dimensions=1)
    if pixels.shape[1:] != dataset.image:
        found, expected = (" x ".join(map(str, size)) for size in (pixels.shape[1:], dataset.image))
        raise DatasetError(f"{image_path} holds images of {found} pixels, expected {expected}. {files.REMEDY}")
    if len(pixels) != len(values):
        raise DatasetError(
            f"{image_path} holds {len(pixels):,} images, but {label_path} {len(values):,} labels. {files.REMEDY}"
        )
    if len(pixels) == 0:
        raise DatasetError(f"{image_path} holds no image. {files.REMEDY}")
    if values.max() >= dataset.classes:
        raise DatasetError(f"{label_path} holds a label {values.max()}, at most {dataset.classes - 1}. {files.REMEDY}")
    inputs = torch.from_numpy(pixels.reshape(len(pixels), -1).astype(np.float32)).div_(255)
    return inputs, torch.from_numpy(values.astype(np.int64))


def _array(file: KnownFile, folders: Sequence[Path], dimensions: int) -> tuple[Path, NDArray[np.uint8]]:
    path = files.find(file, folders)
    if path is None:
        raise DatasetError(f"{file.name} disappeared from {folders[0]}. Start the run again to have it downloaded.")
    content = files.read(path)
    # parsed before it is verified: "truncated" tells more than "another checksum"
    try:
        array = idx.parse(content, dimensions)
    except idx.IdxError as error:
        raise DatasetError(f"{path} {error}. {files.REMEDY}") from error
    files.verify(path, content, file)
    return path, array
