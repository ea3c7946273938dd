"""Files whose content is known: found in a folder, packed or unpacked, and checked before they are used."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from shiftscope.lab.data.types import DatasetError

REMEDY = "Delete it to have it downloaded again, or put the original in its place."
"""What to do about a broken file."""


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
class Opened:
    """Bytes that were read from `place` (as messages name it) and should be `expected`.

    `original` tells that they are: they come from a packed file that is, to the last bit, what the mirrors serve.
    """

    expected: Content
    place: str
    content: bytes
    original: bool


def find(file: KnownFile, folder: Path) -> tuple[Path, ...]:
    """Return where `file` lies in `folder`: its path, or those of all its contents unpacked; empty if it does not."""
    packed = folder / file.name
    if packed.is_file():
        return (packed,)
    found = []
    for content in file.contents:
        places = (folder / content.name, folder / PurePosixPath(content.name).name)
        found += [place for place in places if place.is_file()][:1]
    return tuple(found) if len(found) == len(file.contents) else ()


def read(file: KnownFile, paths: tuple[Path, ...]) -> Iterator[Opened]:
    """Read the contents of `file`, in their order, from where `find` found it. Nothing is written.

    Raises:
        DatasetError: a file cannot be read or unpacked, or the archive lacks something.
    """
    if paths[0].name != file.name:
        for content, path in zip(file.contents, paths, strict=True):
            yield Opened(content, str(path), _bytes(path), original=False)
        return
    (path,) = paths
    packed = _bytes(path)
    original = is_checksum_of(file.checksum, packed)
    unpacked = _decompress(path, packed)
    if not file.name.endswith(".tar.gz"):
        yield Opened(file.contents[0], str(path), unpacked, original)
        return
    del packed
    for content in file.contents:
        yield Opened(content, f"{content.name} in {path}", _member(path, unpacked, content.name), original)


def verify(opened: Opened) -> None:
    """Check that what was read is what it should be, to the last bit.

    Raises:
        DatasetError: it is longer or shorter, or the checksum is another.
    """
    expected, size = opened.expected, len(opened.content)
    if opened.original:
        return
    if size != expected.size:
        fault = "is truncated" if size < expected.size else "is too long"
        raise DatasetError(f"{opened.place} {fault}: {size:,} bytes, the original has {expected.size:,}. {REMEDY}")
    if not is_checksum_of(expected.checksum, opened.content):
        algorithm, _, digest = expected.checksum.partition(":")
        name = {"sha256": "SHA-256", "md5": "MD5"}[algorithm]
        found = _digest(algorithm, opened.content)
        raise DatasetError(
            f"{opened.place} is not the original file: the {name} of its content is {found[:12]}..., "
            f"expected {digest[:12]}.... {REMEDY}"
        )


def is_known_as(file: KnownFile, opened: Opened) -> bool:
    """Tell whether what was read is, to the last bit, among the contents of `file`."""
    return any(
        len(opened.content) == content.size and is_checksum_of(content.checksum, opened.content)
        for content in file.contents
    )


def is_checksum_of(checksum: str, content: bytes) -> bool:
    """Tell whether `checksum`, "sha256:..." or "md5:...", is that of `content`."""
    algorithm, _, digest = checksum.partition(":")
    return _digest(algorithm, content) == digest


def _digest(algorithm: str, content: bytes) -> str:
    # what is kept out is damage and mistakes, not forgery
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DatasetError(f"{path} disappeared. Start the run again to have it downloaded.") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}. Check its permissions.") from error


def _decompress(path: Path, packed: bytes) -> bytes:
    try:
        return gzip.decompress(packed)
    except EOFError as error:
        raise DatasetError(f"{path} is cut off: the gzip data ends too early. {REMEDY}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{path} is not a sound gzip file ({error}). {REMEDY}") from error


def _member(path: Path, archive: bytes, name: str) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            member = tar.extractfile(name)
            content = None if member is None else member.read()
    except KeyError:
        content = None
    except tarfile.TarError as error:
        raise DatasetError(f"{path} is not a sound tar archive ({error}). {REMEDY}") from error
    if content is None:
        raise DatasetError(f"{path} is not the original archive: there is no file {name} in it. {REMEDY}")
    return content
