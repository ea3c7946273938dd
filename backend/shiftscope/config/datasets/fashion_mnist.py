"""Fashion-MNIST, from its original IDX files (Xiao, Rasul & Vollgraf 2017)."""

from __future__ import annotations

from typing import Literal

from shiftscope.config.datasets._images import Images
from shiftscope.config.datasets._original import IDX_TEST, IDX_TRAIN, Content, Original, idx_file

ORIGINAL = Original(
    title="Fashion-MNIST",
    folder="fashion-mnist",
    format="idx",
    # Sizes and SHA-256 as TensorFlow Datasets has them; of the unpacked files the MD5 alone was published.
    files=(
        idx_file(
            Content(IDX_TRAIN[0], 47_040_016, "md5:f4a8712d7a061bf5bd6d2ca38dc4d50a"),
            size=26_421_880,
            checksum="sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        idx_file(
            Content(IDX_TRAIN[1], 60_008, "md5:9018921c3c673c538a1fc5bad174d6f9"),
            size=29_515,
            checksum="sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        idx_file(
            Content(IDX_TEST[0], 7_840_016, "md5:8181f5470baa50b63fa0f6fddb340f0a"),
            size=4_422_102,
            checksum="sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        idx_file(
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


class FashionMnist(Images):
    """Fashion-MNIST, clothes in 28 x 28 pixels: 60,000 for training and 10,000 for testing, from its IDX files."""

    title = "Fashion-MNIST"
    image = (1, 28, 28)
    white = 255
    class_counts = (6000,) * 10
    original = ORIGINAL

    kind: Literal["fashion_mnist"] = "fashion_mnist"
