"""The data sets that a run can name, as tensors: bundled, read from a folder, or fetched into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from shiftscope.config.datasets import DATASETS, Images, KnownFile, Original
from shiftscope.lab.data import fetching, files
from shiftscope.lab.data.files import Opened
from shiftscope.lab.data.preparation import prepare
from shiftscope.lab.data.splits import read_split
from shiftscope.lab.data.types import Data, DatasetError, Progress, broken
from shiftscope.notices import notice

__all__ = ["ORIGINALS", "Data", "DatasetError", "Progress", "load", "load_original"]

ORIGINALS = tuple(one.original for one in DATASETS if one.original is not None)
"""Those of the data sets that are files."""


def load(dataset: Images, folder: Path, progress: Progress, mirrors: Sequence[str] = ()) -> Data:
    """Load a data set and prepare it as it asks, downloading it into `folder` where it is not there yet.

    Args:
        dataset: which one, and how.
        folder: the folder of data sets; the files of one may lie in it or in its own folder there, which is `mnist`,
            `fashion-mnist` or `cifar-10`.
        progress: told what is being done.
        mirrors: base URLs to fetch from instead of the known ones; each data set has a folder below them.

    Raises:
        DatasetError: a file is missing and cannot be fetched, or is not what it should be.
    """
    if dataset.original is None:
        train_x, train_y, test_x, test_y = map(torch.from_numpy, dataset.samples())
        return prepare(Data(train_x, train_y, test_x, test_y, len(dataset.class_counts)), dataset)
    return prepare(_load_below(dataset.original, folder, progress, mirrors), dataset)


def _load_below(original: Original, folder: Path, progress: Progress, mirrors: Sequence[str]) -> Data:
    return load_original(original, folder, progress, [f"{url.rstrip('/')}/{original.folder}" for url in mirrors])


def load_original(
    original: Original,
    folder: Path,
    progress: Progress,
    mirrors: Sequence[str] = (),
    others: Sequence[Original] = ORIGINALS,
) -> Data:
    """Load a data set from its files; see `load`. Files of `others` that have the same names are told from its own."""
    own = folder / original.folder
    namesakes = [other for other in others if other != original]
    found = {file.name: _find(file, own, folder, namesakes) for file in original.files}
    missing = [file for file in original.files if not found[file.name]]
    if missing:
        fetching.fetch(missing, own, mirrors or original.mirrors, progress)
    progress(notice("wait.reading", title=original.title), None)
    contents = {
        opened.expected.name: opened
        for file in original.files
        for opened in files.read(file, found[file.name] or (own / file.name,))
    }
    for opened in contents.values():
        _refuse_namesake(opened, original, namesakes)
    train_x, train_y = read_split(original, [contents[name] for name in original.train])
    test_x, test_y = read_split(original, [contents[name] for name in original.test])
    return Data(train_x, train_y, test_x, test_y, original.classes)


def _find(file: KnownFile, own: Path, shared: Path, namesakes: Sequence[Original]) -> tuple[Path, ...]:
    """Return where `file` lies: in its own folder, else in the `shared` one, where it may be another data set's."""
    found = files.find(file, own)
    if found:
        return found
    found = files.find(file, shared)
    if found and (rivals := [rival for _, rival in _rivals(file.name, namesakes)]) and _is_any(found, file, rivals):
        return ()
    return found


def _is_any(found: tuple[Path, ...], file: KnownFile, rivals: Sequence[KnownFile]) -> bool:
    try:
        return any(files.is_known_as(rival, opened) for opened in files.read(file, found) for rival in rivals)
    except DatasetError:  # damaged: said when it is read in earnest
        return False


def _rivals(name: str, namesakes: Sequence[Original]) -> list[tuple[Original, KnownFile]]:
    return [(other, file) for other in namesakes for file in other.files if file.name == name]


def _refuse_namesake(opened: Opened, original: Original, namesakes: Sequence[Original]) -> None:
    if opened.original:
        return
    for other in namesakes:
        if any(files.is_known_as(file, opened) for file in other.files):
            raise broken(opened.place, notice("fault.namesake", other=other.title, title=original.title))
