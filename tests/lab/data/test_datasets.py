import gzip
import os
import re
from math import prod
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftscope import config
from shiftscope.config.datasets import Cifar10, FashionMnist, Mnist
from shiftscope.lab.data import datasets
from shiftscope.lab.data.datasets import DatasetError, load_original
from tests.conftest import REPOSITORY

from . import idx_files
from .idx_files import NAMES, idx

REAL = [
    folder
    for folder in (os.environ.get("SHIFTSCOPE_DATASETS"), REPOSITORY.parent / "shared" / "data")
    if folder and all((Path(folder) / "mnist" / file.name).is_file() for file in Mnist.original.files)
]


def quiet(sentence: str, fraction: float | None) -> None:
    assert sentence
    assert fraction is None or 0 <= fraction <= 1


def test_digits_are_the_bundled_ones_split_by_class_and_always_alike():
    data = datasets.load(config.Digits(), Path("nowhere"), quiet)
    again = datasets.load(config.Digits(), Path("nowhere"), quiet)
    assert data.train_inputs.shape == (1437, 64)
    assert data.test_inputs.shape == (360, 64)
    assert data.train_inputs.dtype == torch.float32
    assert data.train_labels.dtype == torch.int64
    assert (data.train_inputs.min(), data.train_inputs.max()) == (0, 1)
    assert torch.equal(data.train_inputs, again.train_inputs)
    assert torch.equal(data.test_labels, again.test_labels)
    share = data.test_labels.bincount() / (data.test_labels.bincount() + data.train_labels.bincount())
    assert ((share - 360 / 1797).abs() < 0.01).all()
    rows = torch.cat((data.train_inputs, data.test_inputs))
    assert len(torch.unique(rows, dim=0)) == len(rows)


@pytest.mark.skipif(not REAL, reason="the files of MNIST are not here: SHIFTSCOPE_DATASETS may name their folder")
@pytest.mark.parametrize("inside", ["", "mnist"])
def test_the_real_mnist(inside):
    data = datasets.load(config.Mnist(), Path(REAL[0]) / inside, quiet, mirrors=())
    assert data.train_inputs.shape == (60_000, 784)
    assert data.test_inputs.shape == (10_000, 784)
    assert data.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.test_labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    # The training pixels' mean and standard deviation that everyone quotes
    assert data.train_inputs.double().mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert data.train_inputs.double().std().item() == pytest.approx(0.3081, abs=5e-5)
    assert data.train_inputs.max() == 1


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", ["small", "."])
def test_files_are_found_packed_or_plain_in_the_folder_or_its_own(tmp_path, packed, place):
    files = idx_files.contents()
    idx_files.write(tmp_path / place, files, packed)
    data = load_original(idx_files.dataset(files), tmp_path, quiet)
    pixels = np.frombuffer(files[0][16:], np.uint8).reshape(30, 16)
    np.testing.assert_array_equal(data.train_inputs.numpy(), pixels.astype(np.float32) / np.float32(255))
    assert data.test_labels.tolist() == list(files[3][8:])
    assert data.classes == 3


def test_a_recompressed_file_is_the_same_file(tmp_path):
    files = idx_files.contents()
    idx_files.write(tmp_path, files)
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(gzip.compress(files[0], compresslevel=1, mtime=7))
    assert len(load_original(idx_files.dataset(files), tmp_path, quiet).train_labels) == 30


def refused(tmp_path: Path, files: list[bytes], known: list[bytes] | None = None) -> str:
    """What the error says when the folder holds `files` and the true ones are `known` (the same, if not given)."""
    idx_files.write(tmp_path, files, packed=False)
    with pytest.raises(DatasetError) as caught:
        load_original(idx_files.dataset(files if known is None else known), tmp_path, quiet, mirrors=())
    message = str(caught.value)
    assert "\n" not in message
    assert "Delete it to have it downloaded again, or put the original in its place." in message
    return message


@pytest.mark.parametrize("which", range(4))
def test_a_truncated_file_is_named(tmp_path, which):
    files = idx_files.contents()
    broken = [content[:-3] if i == which else content for i, content in enumerate(files)]
    assert re.search(rf"{NAMES[which]} is truncated: its header announces .* follow", refused(tmp_path, broken, files))


@settings(max_examples=30)
@given(st.integers(0, 3), st.data())
def test_any_altered_byte_is_noticed(tmp_path_factory, which, data):
    files = idx_files.contents()
    position = data.draw(st.integers(0, len(files[which]) - 1))
    altered = bytearray(files[which])
    altered[position] ^= data.draw(st.integers(1, 255))
    broken = [bytes(altered) if i == which else content for i, content in enumerate(files)]
    assert NAMES[which] in refused(tmp_path_factory.mktemp("altered"), broken, files)


def test_other_bytes_in_the_right_format_are_not_the_original(tmp_path):
    files, others = idx_files.contents(), idx_files.contents(seed=1)
    assert "is not the original file: the MD5" in refused(tmp_path, [*files[:2], others[2], files[3]], files)


def test_images_of_another_size(tmp_path):
    assert "holds images of 5 x 5 pixels, expected 4 x 4" in refused(tmp_path, idx_files.contents(size=5))


def test_counts_that_differ(tmp_path):
    files = idx_files.contents()
    files[3] = idx_files.contents(test=9)[3]
    assert re.search(r"holds 10 images, but .* 9 labels", refused(tmp_path, files))


def test_a_label_out_of_range(tmp_path):
    files = idx_files.contents()
    files[1] = idx(np.full(30, 3, np.uint8))
    assert f"{NAMES[1]} holds a label 3, at most 2" in refused(tmp_path, files)


def test_no_image_at_all(tmp_path):
    files = idx_files.contents(test=0)
    assert f"{NAMES[2]} holds no image" in refused(tmp_path, files)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda packed: packed[:-6], "cut off: the gzip data ends too early"),
        (lambda packed: b"<html>" + packed, "is not a sound gzip file"),
        (lambda packed: packed[:40] + b"\xff\xff\xff" + packed[43:], "is not a sound gzip file"),
        (lambda packed: packed[:-8] + bytes(4) + packed[-4:], "is not a sound gzip file"),
    ],
    ids=["cut", "html", "garbled", "crc"],
)
def test_a_damaged_gzip_file(tmp_path, damage, words):
    files = idx_files.contents()
    idx_files.write(tmp_path, files)
    path = tmp_path / f"{NAMES[2]}.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DatasetError, match=f"{NAMES[2]}.gz .*{words}.*Delete it"):
        load_original(idx_files.dataset(files), tmp_path, quiet, mirrors=())


def test_a_file_that_cannot_be_read(tmp_path):
    files = idx_files.contents()
    idx_files.write(tmp_path, files)
    path = tmp_path / f"{NAMES[1]}.gz"
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user reads everything")
    with pytest.raises(DatasetError, match="cannot be read: Permission denied"):
        load_original(idx_files.dataset(files), tmp_path, quiet, mirrors=())


OTHER_FILES = idx_files.contents(seed=1)
OTHER = idx_files.dataset(OTHER_FILES, title="Other")


@pytest.mark.parametrize("packed", [True, False])
def test_files_of_another_data_set_beside_its_folder_are_passed_over(tmp_path, packed):
    # as MNIST's and Fashion-MNIST's files, which have the same names
    files = idx_files.contents()
    small = idx_files.dataset(files)
    idx_files.write(tmp_path, OTHER_FILES, packed)
    with pytest.raises(DatasetError, match=f"{NAMES[0]}.gz could not be downloaded .*no mirror is known"):
        load_original(small, tmp_path, quiet, others=(small, OTHER))
    idx_files.write(tmp_path / "small", files)
    for dataset, content in ((small, files), (OTHER, OTHER_FILES)):
        data = load_original(dataset, tmp_path, quiet, others=(small, OTHER))
        assert data.test_labels.tolist() == list(content[3][8:])


@pytest.mark.parametrize("packed", [True, False])
def test_files_of_another_data_set_in_its_folder_are_named(tmp_path, packed):
    small = idx_files.dataset(idx_files.contents())
    idx_files.write(tmp_path / "small", OTHER_FILES, packed)
    with pytest.raises(DatasetError, match=f"{NAMES[0]}.* is Other's file of that name, not Small's. Delete it"):
        load_original(small, tmp_path, quiet, others=(small, OTHER))


def test_a_damaged_file_beside_its_folder_is_not_taken_for_anothers(tmp_path):
    small = idx_files.dataset(idx_files.contents())
    idx_files.write(tmp_path, idx_files.contents())
    path = tmp_path / f"{NAMES[0]}.gz"
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(DatasetError, match=f"{NAMES[0]}.gz is cut off"):
        load_original(small, tmp_path, quiet, others=(small, OTHER))


@pytest.mark.skipif(not REAL, reason="the files of MNIST are not here: SHIFTSCOPE_DATASETS may name their folder")
def test_the_real_mnist_is_not_taken_for_fashion(tmp_path):
    for file in Mnist.original.files:
        (tmp_path / file.name).symlink_to((Path(REAL[0]) / "mnist" / file.name).resolve())
    with pytest.raises(DatasetError, match=r"127\.0\.0\.1:1/fashion-mnist/train-images-idx3-ubyte\.gz: no connection"):
        datasets.load(config.FashionMnist(), tmp_path, quiet, mirrors=("http://127.0.0.1:1",))


def test_the_files_hold_as_many_samples_as_are_declared():
    for ours in (Mnist, FashionMnist, Cifar10):
        theirs = ours.original
        contents = {content.name: content.size for file in theirs.files for content in file.contents}
        size = prod(ours.image)
        if theirs.format == "idx":
            assert contents[theirs.train[0]] == 16 + sum(ours.class_counts) * size
            assert contents[theirs.train[1]] == 8 + sum(ours.class_counts)
        else:
            assert sum(contents[name] for name in theirs.train) == sum(ours.class_counts) * (1 + size)
