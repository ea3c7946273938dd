"""A small data set in the format of CIFAR-10's binary version."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np

from shiftscope.config.datasets import Content, KnownFile, Original

from .idx_files import sha256

ARCHIVE = "small-binary.tar.gz"
FOLDER = "small-batches-bin"
NAMES = ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")
IMAGE = (3, 2, 2)


def contents(seed: int = 0, counts: tuple[int, ...] = (8, 6, 5)) -> list[bytes]:
    """Two training batches and one for testing, of three classes: a label, then red, green and blue, each 2 x 2."""
    rng = np.random.default_rng(seed)
    return [
        b"".join(bytes([rng.integers(3)]) + rng.integers(0, 256, 12, dtype=np.uint8).tobytes() for _ in range(count))
        for count in counts
    ]


def archive(files: list[bytes], names: tuple[str, ...] = NAMES, folder: str = FOLDER) -> bytes:
    """The archive, with a file that nobody asks for, as the real one has."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in zip(("readme.html", *names), (b"<html>", *files), strict=True):
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def dataset(files: list[bytes], mirrors: tuple[str, ...] = ()) -> Original:
    """The data set whose true batches are `files`."""
    packed = archive(files)
    batches = tuple(
        Content(f"{FOLDER}/{name}", len(content), f"md5:{hashlib.md5(content).hexdigest()}")
        for name, content in zip(NAMES, files, strict=True)
    )
    return Original(
        title="Small",
        folder="small",
        format="cifar",
        files=(KnownFile(ARCHIVE, len(packed), sha256(packed), batches),),
        train=tuple(batch.name for batch in batches[:2]),
        test=(batches[2].name,),
        image=IMAGE,
        classes=3,
        mirrors=mirrors,
    )


def write(folder: Path, files: list[bytes], names: tuple[str, ...] = NAMES) -> None:
    """Write the batches, unpacked."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip(names, files, strict=True):
        (folder / name).write_bytes(content)
