"""The files in which a data set was published: what they are called, hold and hash to, and where they are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Content:
    """What lies in a packed file.

    Attributes:
        name: path that it has unpacked, below the folder of the packed file.
        size: bytes.
        checksum: "sha256:..." or "md5:...", whichever of it was published.
    """

    name: str
    size: int
    checksum: str


@dataclass(frozen=True)
class KnownFile:
    """A packed file of a data set: a gzip file, or a gzipped tar archive.

    Attributes:
        name: its file name, ending in .gz or .tar.gz.
        size: bytes, as the mirrors serve it.
        checksum: of what the mirrors serve, "sha256:..." or "md5:...".
        contents: what is in it, so that unpacked and recompressed files are known too; one thing, where it is no
            archive.
    """

    name: str
    size: int
    checksum: str
    contents: tuple[Content, ...]


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


def idx_file(content: Content, size: int, checksum: str) -> KnownFile:
    return KnownFile(f"{content.name}.gz", size, checksum, (content,))
