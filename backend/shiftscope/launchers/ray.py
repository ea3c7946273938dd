"""Workers on the nodes of a Ray cluster. Ray schedules; what speaks to it is a process of its own (ray_broker.py)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec

from typing_extensions import override

from shiftscope.config import Resources
from shiftscope.launchers.base import CannotPlace, Launcher, Obituary, Place, Request, Standing, Waiting, Worker
from shiftscope.launchers.ray_messages import (
    REPORT,
    Claim,
    Cluster,
    Gone,
    Order,
    Placed,
    Release,
    Train,
    Unreachable,
)
from shiftscope.launchers.ray_waits import lacking, refused
from shiftscope.notices import Notice, notice
from shiftscope.wire.assignment import Assignment

logger = logging.getLogger(__name__)

INSTALL = 'pip install "shiftscope[cluster]"'
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Before each attempt to find a cluster again; the last is repeated."""
LINE_BYTES = 16 << 20
"""Longest report: a cluster of ten thousand nodes."""
BROKER = (sys.executable, "-m", "shiftscope.launchers.ray_broker")
FAREWELL_SECONDS = 7.0
"""How long a broker may take to let go of the cluster when the server wants no more of it: its own patience is 5."""

MOST_TRIES = 5
"""How often a place is asked for that is lost before it is there."""


def is_installed() -> bool:
    """Return whether Ray can be imported; nothing is."""
    return find_spec("ray") is not None


class _Held:
    """A run that has a place of the cluster, or waits for one."""

    def __init__(self, request: Request, claim: Claim) -> None:
        self.request = request
        self.claim = claim
        self.begin()

    def begin(self) -> None:
        """Wait for a place, also for another than before."""
        loop = asyncio.get_running_loop()
        self.tries = 1
        self.placed: asyncio.Future[str | None] = loop.create_future()
        self.ended: asyncio.Future[Obituary] = loop.create_future()

    def gone(self, obituary: Obituary) -> None:
        """Take note that there is no place any more."""
        if not self.placed.done():
            self.placed.set_exception(CannotPlace(obituary.reason))
        elif not self.ended.done():
            self.ended.set_result(obituary)


class RayLauncher(Launcher):
    """Has runs trained on a cluster.

    `url` is where its nodes reach the server; `threads` how many cores a run gets; `broker` starts what speaks to Ray,
    given the address.
    """

    def __init__(self, *, address: str, url: str, threads: int, broker: Sequence[str] = BROKER) -> None:
        self._address = address
        self._command = broker
        self._url = url
        self._threads = threads
        self._held: dict[str, _Held] = {}
        self._broker: Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.cluster: Cluster | None = None
        """What the cluster is made of; None while there is no connection to one."""
        self.trouble = ""
        """Why there is none."""

    @override
    async def prepare(self) -> None:
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_connected(), name="ray")

    @property
    @override
    def standing(self) -> Standing:
        if self.cluster is None:
            return Standing(launcher="ray", trouble=self._trouble(), address=self._address, error=self.trouble)
        return Standing(launcher="ray", nodes=self.cluster.nodes, free=self.cluster.free)

    @override
    def unable(self, resources: Resources, *, now: bool = False) -> Notice | None:
        if not now or self.cluster is None:
            return None  # a node that has it may join yet
        return refused(self._claim("", resources), self.cluster)

    @override
    @asynccontextmanager
    async def place(self, request: Request) -> AsyncIterator[Place | None]:
        held = _Held(request, self._claim(request.run, request.resources))
        self._held[request.run] = held
        self._send(held.claim)
        self._say_what_is_waited_for()
        try:
            node = await held.placed
            yield None if node is None else RayPlace(self, held, node)
        finally:
            del self._held[request.run]
            self._send(Release(run=request.run))

    @override
    def withdraw(self, run: str) -> None:
        held = self._held.get(run)
        if held is not None and not held.placed.done():
            held.placed.set_result(None)

    @override
    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def anew(self, held: _Held) -> str:
        """Wait for another place for a run that has lost its own, and return on which node. Raises CannotPlace."""
        self._send(Release(run=held.request.run))
        held.begin()
        self._send(held.claim)
        self._say_what_is_waited_for()
        if (node := await held.placed) is None:
            raise CannotPlace(notice("end.before_start"))
        return node

    def train(self, held: _Held, assignment: Assignment) -> None:
        """Begin to train a run in its place."""
        threads = held.claim.cpus
        update = {"url": self._url, "threads": threads}
        self._send(Train(run=held.request.run, assignment=assignment.model_copy(update=update)))

    def release(self, held: _Held) -> None:
        """Kill what trains a run."""
        self._send(Release(run=held.request.run))
        held.gone(Obituary(notice("end.worker_killed", signal="SIGKILL")))

    def _claim(self, run: str, needs: Resources) -> Claim:
        return Claim(run=run, cpus=needs.cpus or self._threads, gpus=needs.gpus, memory=needs.memory_bytes)

    def _send(self, order: Order) -> None:
        broker = self._broker
        if self.cluster is not None and broker is not None and broker.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):  # it is gone: what is held is claimed again
                broker.stdin.write(order.line())

    async def _keep_connected(self) -> None:
        failures = 0
        while True:
            found = await self._connected()
            failures = 0 if found else failures + 1
            logger.warning("no connection to the Ray cluster at %s: %s", self._address, self.trouble)
            self._say_what_is_waited_for()
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])

    async def _connected(self) -> bool:
        """Speak to Ray until that is over; return whether there was a cluster."""
        try:
            self._broker = broker = await asyncio.create_subprocess_exec(
                *self._command, self._address,
                stdin=PIPE, stdout=PIPE, stderr=None if logger.isEnabledFor(logging.DEBUG) else DEVNULL,
                env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}, start_new_session=True, limit=LINE_BYTES,
            )  # fmt: skip
        except OSError as error:
            self.trouble = f"what speaks to it cannot be started: {error}"
            return False
        found = False
        try:
            assert broker.stdout is not None
            async for line in broker.stdout:
                self._hear(line)
                found = found or self.cluster is not None
        except (OSError, ValueError) as error:  # also of a line that is too long, or no report
            self.trouble = f"what speaks to it sent what is no report: {str(error)[:200]}"
        finally:
            self.cluster = self._broker = None
            self.trouble = self.trouble or "what speaks to it has ended"
            await self._bury(broker)
        return found

    async def _bury(self, broker: Process) -> None:
        """End a broker for good, and what it held: what has a place has lost it; what waits for one waits on."""
        await _end(broker)
        for held in self._held.values():
            if held.placed.done():
                reason = notice("end.cluster_lost")
                held.gone(Obituary(reason, lost=True))

    def _hear(self, line: bytes) -> None:
        report = REPORT.validate_json(line)
        if isinstance(report, Cluster):
            first, self.cluster, self.trouble = self.cluster is None, report, ""
            if first:
                self._claim_anew()
            self._say_what_is_waited_for()
        elif isinstance(report, Unreachable):
            self.trouble = report.reason
        elif held := self._held.get(report.run):
            self._hear_of(held, report)

    def _hear_of(self, held: _Held, report: Placed | Gone) -> None:
        match report:
            case Placed():
                if not held.placed.done():
                    held.placed.set_result(report.node)
            case Gone(lost=True) if not held.placed.done() and held.tries < MOST_TRIES:
                held.tries += 1  # the node died on which the place was about to be
                self._send(held.claim)
            case Gone():
                held.gone(Obituary(report.reason, report.lost))

    def _claim_anew(self) -> None:
        for held in self._held.values():
            if not held.placed.done():
                self._send(held.claim)

    def _say_what_is_waited_for(self) -> None:
        for held in self._held.values():
            if not held.placed.done():
                held.request.waits(Waiting(reason=self._lacking(held.claim)))

    def _lacking(self, claim: Claim) -> Notice:
        return self._trouble() if self.cluster is None else lacking(claim, self.cluster)

    def _trouble(self) -> Notice:
        """Return why there is no cluster, as everybody may see it: viewers see what a run waits for."""
        return notice("wait.cluster" if self.trouble else "wait.connecting")


async def _end(broker: Process) -> None:
    """End a broker: it lets go of the cluster when its orders end, and is killed where it does not."""
    assert broker.stdin is not None
    assert broker.stdout is not None
    broker.stdin.close()
    discarding = asyncio.create_task(_discard(broker.stdout))  # what nobody reads would keep the process here
    try:
        async with asyncio.timeout(FAREWELL_SECONDS):
            await broker.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            broker.kill()
        await broker.wait()
    finally:
        discarding.cancel()


async def _discard(output: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await output.read(1 << 16):
            pass


class RayPlace(Place):
    """A place on a node."""

    def __init__(self, launcher: RayLauncher, held: _Held, node: str) -> None:
        self._launcher = launcher
        self._held = held
        self._node = node

    @property
    @override
    def node(self) -> str:
        return self._node

    @override
    async def launch(self, assignment: Assignment) -> Worker:
        if self._held.ended.done():
            self._node = await self._launcher.anew(self._held)
        self._launcher.train(self._held, assignment)
        return _RayWorker(self._launcher, self._held)


class _RayWorker(Worker):
    """The worker of a run on a node."""

    def __init__(self, launcher: RayLauncher, held: _Held) -> None:
        self._launcher = launcher
        self._held = held

    @override
    async def wait(self) -> Obituary:
        return await asyncio.shield(self._held.ended)

    @override
    def kill(self) -> None:
        self._launcher.release(self._held)
