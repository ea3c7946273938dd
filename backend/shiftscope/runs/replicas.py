"""The replicas of a run: processes of this machine that train shares of its batches beside this one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import torch

from shiftscope.config import RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.checkpoint import CheckpointError
from shiftscope.lab.training.loop import Training
from shiftscope.lab.training.replicas import LeadTraining, Order, meeting
from shiftscope.notices import NoticeError, notice
from shiftscope.runs.replica import READY, Share

_PROGRAM = "shiftscope.runs.replica"
_START = 120.0
"""Seconds in which a replica loads its libraries and the data."""
_SECOND = 1.0
_END = 5.0
"""Seconds after which one is killed that does not end by itself, or in which one is found to be gone."""


class ReplicaError(NoticeError):
    """A replica is lost, and the run with it: the others cannot make another step."""


@contextmanager
def training_of(config: RunConfig, data: Data, datasets: Path, between: Callable[[], None]) -> Iterator[Training]:
    """Give the training of a config, with its replicas if it has any, which end with it.

    `between` is called while they start, again and again.

    Raises:
        ReplicaError: a replica is lost, now or during the training.
    """
    if config.replicas == 1:
        yield Training(config, data)
        return
    before = torch.get_num_threads()
    threads = max(1, before // config.replicas)
    with Replicas(config, datasets, threads) as replicas:
        replicas.await_ready(between)
        torch.set_num_threads(threads)
        try:
            with replicas.met():
                yield LeadTraining(config, data, replicas.tell, replicas.folder)
        finally:
            torch.set_num_threads(before)


class Replicas:
    """Starts the processes of all ranks but 0, and ends them. A context manager."""

    def __init__(self, config: RunConfig, datasets: Path, threads: int) -> None:
        self._config, self._datasets, self._threads = config, datasets, threads
        self._temporary = tempfile.TemporaryDirectory(prefix="shiftscope-replicas-")
        self.folder = Path(self._temporary.name)
        self.place = self.folder / "meeting"
        self._changed = threading.Condition()
        self._ready: set[int] = set()
        self._gone: dict[int, int] = {}
        self._processes: dict[int, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        """Start them."""
        try:
            for rank in range(1, self._config.replicas):
                self._processes[rank] = self._started(rank)
        except OSError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let them end, and kill those that do not."""
        for process in self._processes.values():
            with contextlib.suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()
        for process in self._processes.values():
            try:
                process.wait(_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._temporary.cleanup()

    def await_ready(self, between: Callable[[], None]) -> None:
        """Wait until all have loaded what they need. Raises ReplicaError where one does not."""
        late = time.monotonic() + _START
        while len(self._ready) < len(self._processes):
            between()
            with self._changed:
                self._changed.wait_for(lambda: self._gone or len(self._ready) == len(self._processes), timeout=0.5)
                if self._gone or time.monotonic() > late:
                    raise self._error(f"not ready after {_START:g} seconds")

    def tell(self, order: Order) -> None:
        """Hand an order to each."""
        line = order.model_dump_json(exclude_defaults=True) + "\n"
        for process in self._processes.values():
            assert process.stdin is not None
            process.stdin.write(line)
            process.stdin.flush()

    @contextmanager
    def met(self) -> Iterator[None]:
        """Meet them, and stay together until the end. Raises ReplicaError where one is lost."""
        with contextlib.ExitStack() as together:
            with self._watched():
                together.enter_context(meeting(self.place, 0, self._config.replicas))
            # Who is lost is found out before they part: when this process leaves, those that wait for it end too.
            with self._watched():
                yield

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Give the reason where what fails inside fails because a replica is lost."""
        try:
            yield
        except (RuntimeError, BrokenPipeError, CheckpointError) as error:
            cause = error.__cause__ if isinstance(error, CheckpointError) else error
            if isinstance(cause, RuntimeError | BrokenPipeError) and (lost := self._lost(error)):
                raise lost from error
            raise

    def _lost(self, error: Exception) -> ReplicaError | None:
        """Return what is said of the one that is gone and so has made this error; None where it is not that."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._gone, timeout=_END):
                return None
            # The others end when one is gone: one that was killed is the first, and perhaps not the first known.
            killed = self._changed.wait_for(lambda: min(self._gone.values()) < 0, timeout=_SECOND)
            # What is wrong with a checkpoint ends the others by themselves, as it ends this one.
            return self._error(str(error)) if killed or not isinstance(error, CheckpointError) else None

    def _started(self, rank: int) -> subprocess.Popen[str]:
        share = Share(
            config=self._config, datasets=self._datasets, rank=rank, place=self.place, threads=self._threads
        )  # fmt: skip
        process = subprocess.Popen(  # noqa: S603  this program
            [sys.executable, "-m", _PROGRAM], env=os.environ | {"OMP_NUM_THREADS": str(self._threads)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(share.model_dump_json() + "\n")
        process.stdin.flush()
        threading.Thread(target=self._follow, args=[rank, process], name="shiftscope-replica", daemon=True).start()
        return process

    def _follow(self, rank: int, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line == READY:
                with self._changed:
                    self._ready.add(rank)
                    self._changed.notify_all()
        code = process.wait()
        with self._changed:
            self._gone[rank] = code
            self._changed.notify_all()

    def _error(self, error: str) -> ReplicaError:
        """Return what is said of the first that is gone."""
        of = self._config.replicas
        if not self._gone:
            return ReplicaError(notice("end.replica_silent", error=error))
        rank, code = min(self._gone.items(), key=lambda one: one[1] >= 0)
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return ReplicaError(notice("end.replica_killed", replica=rank, of=of, signal=name))
        return ReplicaError(notice("end.replica_exited", replica=rank, of=of, exit_code=code))
