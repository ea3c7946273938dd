"""Fetching the files of data sets from mirrors; a file stands under its name only when its bytes are the right ones."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pooch
import requests
from typing_extensions import override

from shiftscope.config.datasets import KnownFile
from shiftscope.lab.data.types import DatasetError, Progress
from shiftscope.notices import Notice, notice

_CHUNK = 1 << 17
_TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and between two pieces of the answer."""
_PATIENCE = 60.0
_SLOWEST = 10_000
"""Bytes a second: what a mirror serves more slowly, on the whole, is not waited for."""


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
        fault = error.strerror or str(error)
        raise DatasetError(notice("data.folder_not_made", folder=str(folder), error=fault)) from error
    total = sum(file.size for file in files)
    done = 0
    for file in files:
        _fetch_from_first(file, folder, mirrors, _Meter(file.name, done, total, progress))
        done += file.size


def _fetch_from_first(file: KnownFile, folder: Path, mirrors: Sequence[str], meter: _Meter) -> None:
    place = folder / file.name
    if os.path.lexists(place) and not place.is_file():  # a pipe would never end
        raise DatasetError(notice("data.no_file", file=str(place)))
    faults: list[Notice] = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        meter.begin()
        downloader = _BoundedDownloader(file.size, meter)
        try:
            pooch.retrieve(url, file.checksum, fname=file.name, path=folder, downloader=downloader)
        except requests.RequestException as error:
            faults.append(notice("data.mirror", url=url, fault=_in_words(error)))
        except ValueError:
            faults.append(notice("data.mirror", url=url, fault=notice("mirror.checksum")))
        except OSError as error:
            fault = error.strerror or str(error)
            raise DatasetError(notice("data.not_written", file=str(folder / file.name), error=fault)) from error
        else:
            return
    tried = tuple(faults) or (notice("data.no_mirror"),)
    raise DatasetError(notice("data.not_downloaded", file=file.name, faults=tried, folder=str(folder)))


def _in_words(error: requests.RequestException) -> Notice:
    if error.response is not None:
        return notice("mirror.status", status=error.response.status_code)
    if isinstance(error, _TooLong):
        return notice("mirror.too_long")
    if isinstance(error, requests.Timeout | _TooSlow):
        return notice("mirror.timeout")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return notice("mirror.broken_off")
    return notice("mirror.connection")


class _TooLong(requests.RequestException):
    """A mirror serves more than the file has."""


class _TooSlow(requests.RequestException):
    """A mirror goes on serving, but so slowly that it would take hours."""


class _BoundedDownloader(pooch.HTTPDownloader):  # type: ignore[misc]  # pooch has no types
    """Downloads as many bytes as the file is known to have, and not for ever."""

    def __init__(self, size: int, meter: _Meter) -> None:
        plain = {"Accept-Encoding": "identity"}
        super().__init__(progressbar=meter, chunk_size=_CHUNK, timeout=_TIMEOUT, headers=plain)
        self._size = size

    @override
    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> bool | None:
        with Path(output_file).open("w+b") as file:
            done: bool | None = super().__call__(url, _BoundedFile(file, self._size), pooch, check_only)
            return done


class _BoundedFile:
    """Takes so many bytes and no more."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size
        self._until = time.monotonic() + _PATIENCE + size / _SLOWEST

    def write(self, data: bytes) -> None:
        """Write. Raises _TooLong or _TooSlow."""
        self._left -= len(data)
        if self._left < 0:
            raise _TooLong
        if time.monotonic() > self._until:
            raise _TooSlow
        self._file.write(data)

    def flush(self) -> None:
        """Pass on what was written."""
        self._file.flush()


class _Meter:
    """What pooch calls a progress bar: tells `progress` how much of all the files is there."""

    def __init__(self, name: str, before: int, total: int, progress: Progress) -> None:
        self._name, self._before, self._all = name, before, total
        self._progress: Callable[[Notice, float | None], None] = progress
        self._done = 0
        self.total = 0  # pooch writes the length of the answer here

    def begin(self) -> None:
        self._done = 0
        self.update(0)

    def update(self, count: int) -> None:
        """Count another `count` bytes; pooch rounds the last piece up, so the sum is capped at what was announced."""
        self._done = min(self._done + count, self.total)
        fraction = (self._before + self._done) / max(self._all, 1)
        self._progress(notice("wait.download", file=self._name), min(fraction, 1.0))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing to close."""
