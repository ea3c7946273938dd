"""The data sets that are files: what their originals are called, hold and hash to, and where they are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shiftscope.lab.data.files import Content, KnownFile


@dataclass(frozen=True)
class Original:
    """A data set in the files in which it was published.

    Attributes:
        title: as people call it.
        folder: name of its folder inside the folder of data sets.
        format: "idx", one content of images and one of labels, or "cifar", records of a label and an image.
        files: the files to have.
        train: names of the contents that hold the training set, in order; images before labels.
        test: the same of the test set.
        image: channels, rows and columns of an image.
        classes: number of classes.
        mirrors: base URLs, tried in order.
    """

    title: str
    folder: str
    format: Literal["idx", "cifar"]
    files: tuple[KnownFile, ...]
    train: tuple[str, ...]
    test: tuple[str, ...]
    image: tuple[int, int, int]
    classes: int
    mirrors: tuple[str, ...]


IDX_TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
IDX_TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def _idx_file(content: Content, size: int, checksum: str) -> KnownFile:
    return KnownFile(f"{content.name}.gz", size, checksum, (content,))


MNIST = Original(
    title="MNIST",
    folder="mnist",
    format="idx",
    files=(
        _idx_file(
            Content(
                IDX_TRAIN[0], 47_040_016, "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
            ),
            size=9_912_422,
            checksum="sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _idx_file(
            Content(IDX_TRAIN[1], 60_008, "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            size=28_881,
            checksum="sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _idx_file(
            Content(IDX_TEST[0], 7_840_016, "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            size=1_648_877,
            checksum="sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _idx_file(
            Content(IDX_TEST[1], 10_008, "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
            size=4_542,
            checksum="sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    train=IDX_TRAIN,
    test=IDX_TEST,
    image=(1, 28, 28),
    classes=10,
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
)

FASHION_MNIST = Original(
    title="Fashion-MNIST",
    folder="fashion-mnist",
    format="idx",
    # Sizes and SHA-256 as TensorFlow Datasets has them; of the unpacked files the MD5 alone was published.
    files=(
        _idx_file(
            Content(IDX_TRAIN[0], 47_040_016, "md5:f4a8712d7a061bf5bd6d2ca38dc4d50a"),
            size=26_421_880,
            checksum="sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        _idx_file(
            Content(IDX_TRAIN[1], 60_008, "md5:9018921c3c673c538a1fc5bad174d6f9"),
            size=29_515,
            checksum="sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        _idx_file(
            Content(IDX_TEST[0], 7_840_016, "md5:8181f5470baa50b63fa0f6fddb340f0a"),
            size=4_422_102,
            checksum="sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        _idx_file(
            Content(IDX_TEST[1], 10_008, "md5:15d484375f8d13e6eb1aabb0c3f46965"),
            size=5_148,
            checksum="sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    train=IDX_TRAIN,
    test=IDX_TEST,
    image=(1, 28, 28),
    classes=10,
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    ),
)

_BATCH_MD5 = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
_BATCHES = tuple(Content(f"cifar-10-batches-bin/{name}", 30_730_000, f"md5:{md5}") for name, md5 in _BATCH_MD5.items())

CIFAR10 = Original(
    title="CIFAR-10",
    folder="cifar-10",
    format="cifar",
    files=(
        KnownFile(
            name="cifar-10-binary.tar.gz",
            size=170_052_171,
            checksum="sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            contents=_BATCHES,
        ),
    ),
    train=tuple(batch.name for batch in _BATCHES[:-1]),
    test=(_BATCHES[-1].name,),
    image=(3, 32, 32),
    classes=10,
    mirrors=(
        "https://www.cs.toronto.edu/~kriz",
        "https://cave.cs.toronto.edu/kriz",
        "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets",
    ),
)

ORIGINALS = (MNIST, FASHION_MNIST, CIFAR10)
"""All of them."""
