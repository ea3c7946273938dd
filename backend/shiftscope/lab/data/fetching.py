"""Fetching the files of data sets from mirrors; a file stands under its name only when its bytes are the right ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pooch
import requests

from shiftscope.config.datasets import KnownFile
from shiftscope.lab.data.types import DatasetError, Progress
from shiftscope.notices import Notice, notice

_CHUNK = 1 << 17
_TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and between two pieces of the answer."""


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
    faults: list[Notice] = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        meter.begin()
        downloader = pooch.HTTPDownloader(
            progressbar=meter, chunk_size=_CHUNK, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}
        )
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
    if isinstance(error, requests.Timeout):
        return notice("mirror.timeout")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return notice("mirror.broken_off")
    return notice("mirror.connection")


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
