"""Files whose content is known: found in a folder, else fetched from a mirror, and checked before they are used."""

from __future__ import annotations

import gzip
import hashlib
import logging
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests

from shiftscope.lab.data import DatasetError, Progress

REMEDY = "Delete it to have it downloaded again, or put the original in its place."
"""What to do about a broken file."""

_CHUNK = 1 << 17
_TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and between two pieces of the answer."""


@dataclass(frozen=True)
class KnownFile:
    """A gzip file of a data set.

    Attributes:
        name: its file name, ending in .gz.
        size: bytes, compressed as the mirrors serve it.
        sha256: checksum of what the mirrors serve.
        content_sha256: checksum of what is in it, so that unpacked and recompressed files are known too.
    """

    name: str
    size: int
    sha256: str
    content_sha256: str

    @property
    def plain_name(self) -> str:
        """The name without .gz."""
        return self.name.removesuffix(".gz")


def find(file: KnownFile, folders: Sequence[Path]) -> Path | None:
    """Return where `file` lies, compressed or unpacked, in the first of `folders` that has it."""
    for folder in folders:
        for name in (file.name, file.plain_name):
            if (folder / name).is_file():
                return folder / name
    return None


def read(path: Path) -> bytes:
    """Return the content of `path`, decompressed where its name ends in .gz.

    Raises:
        DatasetError: it cannot be read, or is not a whole gzip file.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except EOFError as error:
        raise DatasetError(f"{path} is cut off: the gzip data ends too early. {REMEDY}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{path} is not a sound gzip file ({error}). {REMEDY}") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}. Check its permissions.") from error


def verify(path: Path, content: bytes, file: KnownFile) -> None:
    """Check that `content`, read from `path`, is that of `file`, to the last bit.

    Raises:
        DatasetError: the checksum is another.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != file.content_sha256:
        raise DatasetError(
            f"{path} is not the original file: the SHA-256 of its content is {found[:12]}..., "
            f"expected {file.content_sha256[:12]}.... {REMEDY}"
        )


def fetch(files: Sequence[KnownFile], folder: Path, mirrors: Sequence[str], progress: Progress) -> None:
    """Download `files` into `folder`, each from the first of `mirrors` (base URLs) that serves the true bytes.

    A file appears under its name only when it is whole and its checksum right, so several processes may fetch at once.

    Raises:
        DatasetError: `folder` cannot be written, or no mirror serves one of the files.
    """
    # pooch says on stderr what `progress` says on the page
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"The folder {folder} cannot be made: {error.strerror}. Choose another folder.") from error
    total = sum(file.size for file in files)
    done = 0
    for file in files:
        _fetch_from_first(file, folder, mirrors, _Meter(file.name, done, total, progress))
        done += file.size


def _fetch_from_first(file: KnownFile, folder: Path, mirrors: Sequence[str], meter: _Meter) -> None:
    faults = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        meter.begin()
        downloader = pooch.HTTPDownloader(
            progressbar=meter, chunk_size=_CHUNK, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}
        )
        try:
            pooch.retrieve(url, f"sha256:{file.sha256}", fname=file.name, path=folder, downloader=downloader)
        except requests.RequestException as error:
            faults.append(f"{url}: {_in_words(error)}")
        except ValueError:
            faults.append(f"{url}: what it serves has another checksum")
        except OSError as error:
            fault = error.strerror or str(error)
            raise DatasetError(f"{folder / file.name} cannot be written: {fault}. Choose another folder.") from error
        else:
            return
    raise DatasetError(
        f"{file.name} could not be downloaded ({'; '.join(faults) or 'no mirror is known'}). "
        f"Check the network, or put the file into {folder} yourself."
    )


def _in_words(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download broke off"
    return "no connection"


class _Meter:
    """What pooch calls a progress bar: tells `progress` how much of all the files is there."""

    def __init__(self, name: str, before: int, total: int, progress: Progress) -> None:
        self._name, self._before, self._all = name, before, total
        self._progress: Callable[[str, float | None], None] = progress
        self._done = 0
        self.total = 0  # pooch writes the length of the answer here

    def begin(self) -> None:
        self._done = 0
        self.update(0)

    def update(self, count: int) -> None:
        """Count another `count` bytes; pooch rounds the last piece up, so the sum is capped at what was announced."""
        self._done = min(self._done + count, self.total)
        fraction = (self._before + self._done) / max(self._all, 1)
        self._progress(f"Downloading {self._name}", min(fraction, 1.0))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing to close."""
