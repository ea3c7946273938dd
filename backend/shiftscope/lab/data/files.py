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

from shiftscope.config.datasets import Content, KnownFile
from shiftscope.lab.data.types import DatasetError, broken
from shiftscope.notices import Notice, notice

_ROOM = 1 << 20
"""Bytes that a file may have besides what is in it, and still be read to its end."""


@dataclass(frozen=True)
class Opened:
    """Bytes that were read from `place` (as messages name it) and should be `expected`.

    `original` tells that they are: they come from a packed file that is, to the last bit, what the mirrors serve.
    """

    expected: Content
    place: str | Notice
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
            yield Opened(content, str(path), _bytes(path, _ROOM + content.size), original=False)
        return
    (path,) = paths
    whole = sum(content.size for content in file.contents)
    packed = _bytes(path, _ROOM + whole)  # packed in another way it may be longer than what the mirrors serve
    original = is_checksum_of(file.checksum, packed)
    unpacked = _decompress(path, packed, _ROOM + whole)
    if not file.name.endswith(".tar.gz"):
        yield Opened(file.contents[0], str(path), unpacked, original)
        return
    del packed
    for content in file.contents:
        place = notice("data.member", member=content.name, file=str(path))
        yield Opened(content, place, _member(path, unpacked, content), original)


def verify(opened: Opened) -> None:
    """Check that what was read is what it should be, to the last bit.

    Raises:
        DatasetError: it is longer or shorter, or the checksum is another.
    """
    expected, size = opened.expected, len(opened.content)
    if opened.original:
        return
    if size != expected.size:
        code = "fault.truncated" if size < expected.size else "fault.too_long"
        raise broken(opened.place, notice(code, found=size, expected=expected.size))
    if not is_checksum_of(expected.checksum, opened.content):
        algorithm, _, digest = expected.checksum.partition(":")
        name = {"sha256": "SHA-256", "md5": "MD5"}[algorithm]
        found = _digest(algorithm, opened.content)
        fault = notice("fault.not_original", algorithm=name, found=found[:12], expected=digest[:12])
        raise broken(opened.place, fault)


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


def _bytes(path: Path, most: int) -> bytes:
    """Read a file, and one byte more at most than it may have."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError as error:
        raise DatasetError(notice("data.disappeared", file=str(path))) from error
    except OSError as error:
        fault = error.strerror or str(error)
        raise DatasetError(notice("data.not_read", file=str(path), error=fault)) from error


def _decompress(path: Path, packed: bytes, most: int) -> bytes:
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            unpacked = file.read(most + 1)
    except EOFError as error:
        raise broken(str(path), notice("fault.gzip_cut_off")) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise broken(str(path), notice("fault.gzip", error=str(error))) from error
    if len(unpacked) > most:
        raise broken(str(path), notice("fault.bomb", most=most))
    return unpacked


def _member(path: Path, archive: bytes, wanted: Content) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            member = tar.getmember(wanted.name)
            # A link may lead to itself.
            file = tar.extractfile(member) if member.isreg() else None
            content = None if file is None else file.read(wanted.size + _ROOM)
    except KeyError:
        content = None
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError) as error:
        raise broken(str(path), notice("fault.tar", error=str(error))) from error
    if content is None:
        raise broken(str(path), notice("fault.member", member=wanted.name))
    return content
