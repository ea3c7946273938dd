"""MNIST, from its original IDX files (LeCun, Cortes & Burges 1998)."""

from __future__ import annotations

from typing import Literal

from shiftscope.config.datasets._images import Images
from shiftscope.config.datasets._original import IDX_TEST, IDX_TRAIN, Content, Original, idx_file

ORIGINAL = Original(
    title="MNIST",
    folder="mnist",
    format="idx",
    files=(
        idx_file(
            Content(
                IDX_TRAIN[0], 47_040_016, "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
            ),
            size=9_912_422,
            checksum="sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        idx_file(
            Content(IDX_TRAIN[1], 60_008, "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            size=28_881,
            checksum="sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        idx_file(
            Content(IDX_TEST[0], 7_840_016, "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            size=1_648_877,
            checksum="sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        idx_file(
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


class Mnist(Images):
    """MNIST, 28 x 28 pixels: 60,000 for training and 10,000 for testing, from its original IDX files."""

    title = "MNIST"
    image = (1, 28, 28)
    white = 255
    class_counts = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    original = ORIGINAL

    kind: Literal["mnist"] = "mnist"
