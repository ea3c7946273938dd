"""What a server needs of whatever trains its runs: a place to train in, and a worker in that place.

A launcher alone knows where runs are trained. It takes each run that is to be trained, says what the run waits for,
and gives it a place when there is one; in that place a worker, a process of `shiftscope.runs.worker`, trains the run
and sends its frames to the server's ingest socket.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from shiftscope.config import Resources
from shiftscope.notices import Notice, NoticeError, notice
from shiftscope.wire.assignment import Assignment, reason_in

WORKER = "shiftscope.runs.worker"
"""The module that a worker process runs, wherever it does."""

# glibc maps and unmaps every large tensor anew, and pays for the page faults each time; these keep the memory instead.
# Measured on a 6-layer convolutional network: 20 to 25 % off a training step. Other C libraries ignore them.
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "67108864"}

LAST_WORDS = 5
"""How many of the last lines that a worker printed its end is explained with."""


class Amount(BaseModel):
    """So many cores, GPUs and bytes."""

    model_config = ConfigDict(frozen=True)

    cpus: float = 0
    gpus: float = 0
    memory: float = Field(0, description="bytes")


class Node(BaseModel):
    """A machine of a cluster, and all that it has."""

    model_config = ConfigDict(frozen=True)

    name: str
    has: Amount


class Standing(BaseModel):
    """What trains the runs of a server, and what of that is free."""

    model_config = ConfigDict(frozen=True)

    launcher: Literal["local", "ray"]
    nodes: tuple[Node, ...] = Field((), description="of the cluster, where there is one")
    free: Amount = Field(Amount(), description="in the whole cluster")
    trouble: Notice | None = Field(None, description="why there is no connection to the cluster; null where there is")
    address: str = Field("", description="of that cluster, while there is no connection; for who controls alone")
    error: str = Field("", description="what was found instead of it; for who controls alone")

    def for_viewers(self) -> Standing:
        """Return what those see who may only look: no address, and none of what Ray says, which may hold paths."""
        return self.model_copy(update={"address": "", "error": ""})


@dataclass(frozen=True)
class Waiting:
    """What a run waits for that has no place yet: its number in the queue, where there is one, or in words."""

    number: int | None = None
    reason: Notice | None = None


@dataclass(frozen=True)
class Request:
    """A run that is to be trained: who started it, what it needs, and who hears of what it waits for meanwhile."""

    run: str
    owner: str
    resources: Resources
    waits: Callable[[Waiting], None]


@dataclass(frozen=True)
class Obituary:
    """How a worker ended. `lost` where what it ran on went away: the run may be tried elsewhere."""

    reason: Notice
    lost: bool = False


class CannotPlace(NoticeError):
    """There will be no place for a run."""


class Worker(Protocol):
    """A process that trains one run."""

    async def wait(self) -> Obituary:
        """Return, when the worker is gone, how it ended."""

    def kill(self) -> None:
        """End it at once."""


class Place(Protocol):
    """Where one run may be trained, and what is kept for it there."""

    @property
    def node(self) -> str:
        """The name of the machine; empty for this one."""

    async def launch(self, assignment: Assignment) -> Worker:
        """Start a worker; another one, when the one before has ended.

        Where the place went away with that one, this waits for another, and `node` is that one's then.

        Raises:
            OSError, CannotPlace: none can be started.
        """


class Launcher(Protocol):
    """Gives runs places."""

    async def prepare(self) -> None:
        """Make ready what makes starting quick; called at the start, and when a worker has ended."""

    @property
    def standing(self) -> Standing:
        """What there is to train on."""

    def unable(self, resources: Resources, *, now: bool = False) -> Notice | None:
        """Return why a run that needs this can never be trained here; None where it can.

        `now`: with what there is, whatever may join.
        """

    def place(self, request: Request) -> AbstractAsyncContextManager[Place | None]:
        """Hold a place once there is one; None for a run that was withdrawn. Raises CannotPlace on entering."""

    def withdraw(self, run: str) -> None:
        """Let a run wait no more."""

    async def close(self) -> None:
        """End what the launcher holds."""


def obituary(code: int, words: Sequence[str]) -> Notice:
    """Return how a worker process ended, by its exit code and the last lines that it printed."""
    if code > 0 and (reason := reason_in(words)) is not None:
        return reason
    if code == 0:
        return notice("end.worker_silent")
    said = " ".join(words)
    saying = "_saying" if said else ""
    if code < 0:
        return notice(f"end.worker_killed{saying}", signal=_name(-code), words=said)
    return notice(f"end.worker_exited{saying}", exit_code=code, words=said)


def _name(number: int) -> str:
    """Return what a signal is called; most of those for real-time use have a number alone."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
