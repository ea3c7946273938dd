"""What Ray runs on a machine of the cluster: the keeper of a place, which starts the worker of one run there.

The worker is the same process as on the server's own machine. It ends with its keeper, and that with the server: when
Ray takes the keeper away, or is gone itself, the worker's standard input closes.
"""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

import ray

from shiftscope.launchers.base import ALLOCATOR, LAST_WORDS, WORKER, obituary
from shiftscope.notices import Notice, NoticeError
from shiftscope.sinks.sync import sync_of_worker, waiting_spools
from shiftscope.wire.assignment import Assignment

LONGEST_WAIT = 30.0
"""Most seconds between two attempts to send what a run has left in its spool."""
ATTEMPTS = 120
"""After so many the spool stays where it is, for the next place that is kept here: an hour of silence."""
FOLDER = "shiftscope-node-"
"""Begins the name of the folder of a place, among temporary files; the keeper's process follows."""


class Keeper:
    """Keeps a place, for one run."""

    def __init__(self) -> None:
        left = left_over()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
        threading.Thread(target=send_left_over, args=(left,), name="shiftscope-left-over", daemon=True).start()

    def ready(self) -> str:
        """Return the id of the node: whoever waits for that learns that the place is there."""
        return str(ray.get_runtime_context().get_node_id())

    def train(self, assigned: str) -> str:
        """Train the run of an assignment; return how that ended. Both travel as JSON."""
        assignment = self._here(Assignment.model_validate_json(assigned))
        ended = _work(assignment)
        _send_rest(self._folder)
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # what could not be sent stays in it
        return ended.model_dump_json()

    def _here(self, assignment: Assignment) -> Assignment:
        """Return an assignment with the paths of this machine in place of the server's."""
        datasets = datasets_here(assignment.datasets)
        return assignment.model_copy(update={"spool": self._folder, "datasets": datasets})


def datasets_here(asked: Path) -> Path:
    """Return where data sets lie on this machine: where its variable says, or as asked, or in the user's cache."""
    if named := os.environ.get("SHIFTSCOPE_DATASETS"):
        return Path(named)
    return asked if asked.is_dir() else Path.home() / ".cache" / "shiftscope" / "datasets"


def _work(assignment: Assignment) -> Notice:
    environment = os.environ | ALLOCATOR | {"OMP_NUM_THREADS": str(assignment.threads)}
    words: deque[str] = deque(maxlen=LAST_WORDS)
    with subprocess.Popen(  # noqa: S603  this program
        [sys.executable, "-m", WORKER], env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: its last words say why
            process.stdin.write(assignment.model_dump_json().encode() + b"\n")
            process.stdin.flush()
        for line in process.stderr:
            words.append(line.decode(errors="replace").rstrip())
            sys.stderr.write(f"{words[-1]}\n")
        code = process.wait()
    return obituary(code, words)


def _send_rest(folder: Path) -> None:
    """Send what the worker could not send, for as long as the place is kept."""
    for attempt in range(ATTEMPTS):
        spools = waiting_spools([folder])
        if not spools:
            return
        for path, _ in spools:
            with contextlib.suppress(NoticeError, OSError):  # the server may be back the next time
                sync_of_worker(path)
        if waiting_spools([folder]):
            time.sleep(min(LONGEST_WAIT, 0.5 * 2**attempt))


def left_over() -> list[Path]:
    """Return the folders of this user's places whose keepers are gone, killed say: nobody looks after them."""
    found = []
    for one in Path(tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        process = one.name.removeprefix(FOLDER).partition("-")[0]
        with contextlib.suppress(OSError):
            status = one.lstat()
            mine = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
            if mine and process.isdecimal() and not Path("/proc", process).exists():
                found.append(one)
    return found


def send_left_over(folders: list[Path]) -> None:
    """Send once what lies in such folders; what no server will ever take is removed."""
    for folder in folders:
        for path, _ in waiting_spools([folder]):
            with contextlib.suppress(NoticeError, OSError):
                sync_of_worker(path)
        with contextlib.suppress(OSError):
            folder.rmdir()  # unless something is left in it
