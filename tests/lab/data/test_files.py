import gzip
import threading
from pathlib import Path

import pytest

from shiftscope.lab.data.datasets import DatasetError, load_original
from shiftscope.lab.data.types import Data

from . import idx_files
from .idx_files import NAMES, Server, serving

FILES = idx_files.contents()
PACKED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in zip(NAMES, FILES, strict=True)}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def good():
    with serving(Server(dict(PACKED))) as server:
        yield server


@pytest.fixture
def empty():
    with serving(Server({})) as server:
        yield server


def fetch(folder: Path, *servers: Server, progress=lambda *_: None) -> Data:
    return load_original(idx_files.dataset(FILES, tuple(server.url for server in servers)), folder, progress)


def refused(folder: Path, *servers: Server) -> str:
    """What the error says; no file may have come to stand under its name, nor any rest of one."""
    with pytest.raises(DatasetError) as caught:
        fetch(folder, *servers)
    assert list((folder / "small").iterdir()) == []
    return str(caught.value)


def test_missing_files_are_fetched_once_and_the_way_is_told(tmp_path, good):
    told = []
    data = fetch(tmp_path, good, progress=lambda sentence, fraction: told.append((sentence, fraction)))
    assert len(data.train_labels) == 30
    assert {path.name: path.read_bytes() for path in (tmp_path / "small").iterdir()} == PACKED
    downloads = [(str(notice), fraction) for notice, fraction in told if fraction is not None]
    assert downloads[0] == (f"Downloading {NAMES[0]}.gz", 0)
    assert downloads[-1] == (f"Downloading {NAMES[3]}.gz", 1)
    fractions = [fraction for _, fraction in downloads]
    assert fractions == sorted(fractions)
    assert (str(told[-1][0]), told[-1][1]) == ("Reading Small", None)
    fetch(tmp_path, good)
    assert good.asked == [f"{name}.gz" for name in NAMES]


def test_only_what_is_missing_is_fetched(tmp_path, good):
    idx_files.write(tmp_path, FILES)
    (tmp_path / f"{NAMES[1]}.gz").unlink()
    fetch(tmp_path, good)
    assert good.asked == [f"{NAMES[1]}.gz"]


def test_the_second_mirror_steps_in_for_the_first(tmp_path, good, empty):
    assert len(fetch(tmp_path, empty, good).test_labels) == 10
    assert empty.asked == good.asked == [f"{name}.gz" for name in NAMES]


@pytest.mark.parametrize("fault", ["altered", "cut"])
def test_a_mirror_with_wrong_bytes_is_passed_over(tmp_path, good, fault):
    altered = {name: content[:-1] + b"\xff" for name, content in PACKED.items()}
    with serving(Server(altered if fault == "altered" else dict(PACKED), cut=fault == "cut")) as bad:
        assert len(fetch(tmp_path, bad, good).test_labels) == 10
        assert len(bad.asked) == 4


def test_altered_bytes_everywhere_are_refused(tmp_path):
    with serving(Server(PACKED | {f"{NAMES[0]}.gz": b"another file"})) as bad:
        message = refused(tmp_path, bad)
    assert f"{NAMES[0]}.gz could not be downloaded ({bad.url}/{NAMES[0]}.gz: what it serves has another chec" in message
    assert message.endswith(f"Check the network, or put the file into {tmp_path / 'small'} yourself.")


def test_a_download_that_breaks_off_is_refused(tmp_path):
    with serving(Server(dict(PACKED), cut=True)) as bad:
        assert "the download broke off" in refused(tmp_path, bad)


def test_all_mirrors_down_names_each_with_its_fault(tmp_path, empty):
    with serving(Server({})) as gone:
        pass
    message = refused(tmp_path, gone, empty)
    assert f"{gone.url}/{NAMES[0]}.gz: no connection" in message
    assert f"{empty.url}/{NAMES[0]}.gz: the server answered 404" in message


def test_no_mirror_at_all(tmp_path):
    assert "no mirror is known" in refused(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path, good):
    (tmp_path / "small").write_text("a file stands here")
    with pytest.raises(DatasetError, match=r"small cannot be made: File exists. Choose another folder"):
        fetch(tmp_path, good)


def test_two_at_once_fetch_into_one_folder(tmp_path, good):
    results: list[Data] = []
    threads = [threading.Thread(target=lambda: results.append(fetch(tmp_path, good))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(data.train_labels) for data in results] == [30] * 4
    assert {path.name for path in (tmp_path / "small").iterdir()} == set(PACKED)
