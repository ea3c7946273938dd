import gzip
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftscope.config.datasets import Cifar10
from shiftscope.lab.data import cifar
from shiftscope.lab.data.datasets import DatasetError, load_original
from shiftscope.lab.data.types import FormatError

from . import cifar_files
from .cifar_files import ARCHIVE, FOLDER, NAMES, archive
from .idx_files import Server, serving

FILES = cifar_files.contents()


def quiet(sentence, fraction):
    assert sentence
    assert fraction is None or 0 <= fraction <= 1


def load(folder, known=FILES, mirrors=()):
    return load_original(cifar_files.dataset(known), folder, quiet, mirrors)


def refused(folder, known=FILES) -> str:
    with pytest.raises(DatasetError) as caught:
        load(folder, known)
    message = str(caught.value)
    assert message.endswith("Delete it to have it downloaded again, or put the original in its place.")
    return message


@given(st.integers(0, 5), st.integers(1, 12), st.data())
def test_records_are_read_and_other_lengths_refused(count, features, data):
    content = data.draw(st.binary(min_size=count * (1 + features), max_size=count * (1 + features)))
    pixels, labels = cifar.parse(content, features)
    assert pixels.shape == (count, features)
    assert b"".join(bytes([label]) + row.tobytes() for label, row in zip(labels, pixels, strict=True)) == content
    with pytest.raises(FormatError, match="no whole number of records"):
        cifar.parse(content + bytes(data.draw(st.integers(1, features))), features)


@pytest.mark.parametrize("place", ["small", "."])
@pytest.mark.parametrize("form", ["archive", "unpacked", "flat"])
def test_batches_are_found_packed_or_unpacked(tmp_path, place, form):
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    if form == "archive":
        (folder / ARCHIVE).write_bytes(archive(FILES))
    else:
        cifar_files.write(folder / FOLDER if form == "unpacked" else folder, FILES)
    data = load(tmp_path)
    records = np.frombuffer(FILES[0] + FILES[1], np.uint8).reshape(14, 13)
    np.testing.assert_array_equal(data.train_inputs.numpy(), records[:, 1:].astype(np.float32) / np.float32(255))
    assert data.train_labels.tolist() == records[:, 0].tolist()
    assert data.test_inputs.shape == (5, 12)
    assert data.test_labels.tolist() == list(FILES[2][::13])


def test_a_recompressed_archive_is_the_same_archive(tmp_path):
    (tmp_path / ARCHIVE).write_bytes(gzip.compress(gzip.decompress(archive(FILES)), compresslevel=1, mtime=7))
    assert len(load(tmp_path).train_labels) == 14


def test_the_archive_is_fetched_where_a_batch_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    cifar_files.write(tmp_path / "small" / FOLDER, FILES[:2], NAMES[:2])
    with serving(Server({ARCHIVE: archive(FILES)})) as server:
        for _ in range(2):
            assert len(load(tmp_path, mirrors=(server.url,)).test_labels) == 5
    assert server.asked == [ARCHIVE]
    assert (tmp_path / "small" / ARCHIVE).read_bytes() == archive(FILES)


@settings(max_examples=30)
@given(st.integers(0, 2), st.data())
def test_any_altered_byte_is_noticed(tmp_path_factory, which, data):
    altered = bytearray(FILES[which])
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= data.draw(st.integers(1, 255))
    broken = [bytes(altered) if i == which else content for i, content in enumerate(FILES)]
    folder = tmp_path_factory.mktemp("altered")
    cifar_files.write(folder / FOLDER, broken)
    assert f"{NAMES[which]} is not the original file: the MD5" in refused(folder)
    (folder / ARCHIVE).write_bytes(archive(broken))
    assert f"{NAMES[which]} in {folder / ARCHIVE} is not the original file: the MD5" in refused(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content[:-5], "data_batch_2.bin is truncated or something else: 73 bytes are no whole number"),
        (lambda content: content[:-13], "data_batch_2.bin is truncated: 65 bytes, the original has 78"),
        (lambda content: content + content[:13], "data_batch_2.bin is too long: 91 bytes, the original has 78"),
    ],
)
def test_a_batch_of_another_length(tmp_path, change, words):
    cifar_files.write(tmp_path / FOLDER, [FILES[0], change(FILES[1]), FILES[2]])
    assert words in refused(tmp_path)


def test_a_label_out_of_range_and_no_image_at_all(tmp_path):
    files = [FILES[0], b"\x03" + FILES[1][1:], FILES[2]]
    cifar_files.write(tmp_path / FOLDER, files)
    assert "data_batch_2.bin holds a label 3, at most 2" in refused(tmp_path, files)
    files = [*FILES[:2], b""]
    cifar_files.write(tmp_path / FOLDER, files)
    assert "test_batch.bin holds no image" in refused(tmp_path, files)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda packed: packed[:-6], "is cut off: the gzip data ends too early"),
        (lambda packed: b"<html>" + packed, "is not a sound gzip file"),
        (lambda packed: gzip.compress(b"no archive" * 100), "is not a sound tar archive"),
        (lambda packed: gzip.compress(gzip.decompress(packed)[:1600]), "is not a sound tar archive"),
        (lambda _: archive(FILES[:2], NAMES[:2]), f"there is no file {FOLDER}/test_batch.bin in it"),
        (lambda _: archive(FILES, folder="elsewhere"), f"there is no file {FOLDER}/data_batch_1.bin in it"),
    ],
    ids=["cut", "html", "no tar", "cut tar", "one missing", "another folder"],
)
def test_a_damaged_or_foreign_archive(tmp_path, damage, words):
    (tmp_path / ARCHIVE).write_bytes(damage(archive(FILES)))
    message = refused(tmp_path)
    assert str(tmp_path / ARCHIVE) in message
    assert words in message


def test_the_real_batches_are_of_ten_thousand_records():
    (file,) = Cifar10.original.files
    assert [content.size for content in file.contents] == [10_000 * 3073] * 6
    assert all(len(content.checksum) == len("md5:") + hashlib.md5().digest_size * 2 for content in file.contents)
