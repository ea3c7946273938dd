"""What lies on a machine of a cluster after the process was killed that kept a place there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.conftest import serve
from tests.server.test_resuming import ended, spool_of

pytest.importorskip("ray")
from shiftscope.launchers.ray_node import FOLDER, left_over, send_left_over

NOBODY = 1 << 23
"""More than the number of any process."""


def test_what_is_left_of_a_place_is_removed_once_no_server_will_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = tmp_path / "runs"
    gone, kept, other = (tmp_path / f"{FOLDER}{name}" for name in (f"{NOBODY}-a", f"{os.getpid()}-a", "what-a"))
    for folder in (gone, kept, other, data):
        folder.mkdir()
    (tmp_path / f"{FOLDER}{NOBODY}-b").symlink_to(kept)
    token = ended(data, "worker")
    with serve(data) as server:
        spool_of(gone, "worker", token, server.url)
        assert left_over() == [gone]
        send_left_over([gone])
    assert not gone.exists()
    assert kept.exists()


def test_what_is_left_of_a_place_stays_while_no_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (folder := tmp_path / f"{FOLDER}{NOBODY}-a").mkdir()
    spool = spool_of(folder, "worker", "secret", "http://127.0.0.1:9")
    send_left_over([folder])
    assert spool.exists()
