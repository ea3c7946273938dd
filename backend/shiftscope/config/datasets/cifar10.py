"""CIFAR-10, from its binary (Krizhevsky 2009)."""

from __future__ import annotations

from typing import Literal

from shiftscope.config.datasets._images import Images
from shiftscope.config.datasets._original import Content, KnownFile, Original

_BATCH_MD5 = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
_BATCHES = tuple(Content(f"cifar-10-batches-bin/{name}", 30_730_000, f"md5:{md5}") for name, md5 in _BATCH_MD5.items())

ORIGINAL = Original(
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


class Cifar10(Images):
    """CIFAR-10, colour photographs of 32 x 32 pixels: 50,000 for training and 10,000 for testing, from its binary."""

    title = "CIFAR-10"
    image = (3, 32, 32)
    white = 255
    class_counts = (5000,) * 10
    original = ORIGINAL

    kind: Literal["cifar10"] = "cifar10"
