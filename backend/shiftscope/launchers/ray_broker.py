"""The process that speaks to Ray for a server: `python -m shiftscope.launchers.ray_broker ADDRESS`.

Ray's driver lives here and not in the server, because it ends its process when the cluster is gone, and blocks while it
looks for one. It takes orders on standard input and reports on standard output (ray_messages.py). Ray schedules: each
run is an actor that asks for the run's cores, GPUs and memory, and waits until some node has them. When standard input
closes the server is gone, and so is this process, and with it, by Ray's doing, every actor.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import suppress
from typing import Any, BinaryIO

import ray
from ray.exceptions import ActorUnavailableError, RayError, RayTaskError

from shiftscope.launchers.ray_cluster import Seen, connect, look
from shiftscope.launchers.ray_messages import (
    ORDER,
    Claim,
    Gone,
    Order,
    Placed,
    Release,
    Report,
    Train,
    Unreachable,
)
from shiftscope.launchers.ray_messages import Cluster as ClusterReport
from shiftscope.launchers.ray_node import Keeper
from shiftscope.notices import Notice, notice

LOOK_SECONDS = 0.5
"""How long the state of the cluster that was reported may be old."""
NODE_DEATH_SECONDS = 120.0
"""How long it is waited for Ray to give up a node of which nothing is heard: it does after a minute and a little."""
PROCESS_DEATH_SECONDS = 2.0
"""And where Ray has seen the process end: then it is the process alone, or Ray knows of the node very soon."""
FAREWELL_SECONDS = 5.0


class Broker:
    """Holds an actor for each run that has a place or waits for one."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._actors: dict[str, Any] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._assigned: dict[str, asyncio.Future[Train]] = {}
        self._seen = Seen()

    def report(self, report: Report) -> None:
        """Let the server know."""
        self._out.write(report.line())
        self._out.flush()

    async def watch(self) -> None:
        """Report the cluster whenever it is another than before."""
        said: ClusterReport | None = None
        while True:
            self._seen = await asyncio.to_thread(look)
            if self._seen.report != said:
                said = self._seen.report
                self.report(said)
            await asyncio.sleep(LOOK_SECONDS)

    def obey(self, order: Order) -> None:
        """Do what the server wants; what comes of it is reported."""
        match order:
            case Claim():
                self._assigned[order.run] = asyncio.get_running_loop().create_future()
                self._tasks[order.run] = asyncio.create_task(self._keep(order))
            case Train():
                assigned = self._assigned.get(order.run)
                if assigned is not None and not assigned.done():
                    assigned.set_result(order)
            case Release():
                self._let_go(order.run)

    def _let_go(self, run: str) -> None:
        self._assigned.pop(run, None)
        if task := self._tasks.pop(run, None):
            task.cancel()
        if actor := self._actors.pop(run, None):
            with suppress(Exception):  # it may be gone, and the cluster too: the others' places stay
                ray.kill(actor, no_restart=True)

    async def _keep(self, claim: Claim) -> None:
        """Take one run from its claim to its end, which is reported whatever it is: the run waits for that."""
        try:
            gone = await self._kept(claim)
        except Exception as error:  # noqa: BLE001  Ray's code raises what it does not name
            gone = Gone(run=claim.run, reason=notice("end.place_failed", error=_brief(error)))
        self.report(gone)

    async def _kept(self, claim: Claim) -> Gone:
        """Keep a place for a run; return how what trained it ended."""
        node = ""
        try:
            actor = self._actors[claim.run] = _actor(claim)
            node = await actor.ready.remote()
            self._seen = await asyncio.to_thread(look)
            self.report(Placed(run=claim.run, node=self._seen.name(node)))
            train = await self._assigned[claim.run]
            ended = await actor.train.remote(train.assignment.model_dump_json())
            return Gone(run=claim.run, reason=Notice.model_validate_json(ended))
        except RayTaskError as error:
            return Gone(run=claim.run, reason=notice("end.place_failed", error=_brief(error.cause)))
        except RayError as error:
            return await self._gone(claim.run, node, error)

    async def _gone(self, run: str, node: str, error: RayError) -> Gone:
        """Return why there is no actor any more. That its node is dead Ray finds out some time after the actor is."""
        deadline = asyncio.get_running_loop().time() + _patience(error)
        while node:
            try:
                self._seen = await asyncio.to_thread(look)
            except Exception:  # noqa: BLE001  Ray's code raises what it does not name
                return Gone(run=run, reason=notice("end.cluster_lost"), lost=True)  # there is nobody left to ask
            if node not in self._seen.alive:
                return Gone(run=run, reason=notice("end.node_died", node=self._seen.name(node)), lost=True)
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(LOOK_SECONDS)
        reason = notice("end.place_lost", node=self._seen.name(node) or "?", error=_brief(error))
        # Where the process alone is not to be reached, it has not died: its run is not to blame.
        return Gone(run=run, reason=reason, lost=not node or isinstance(error, ActorUnavailableError))


def _actor(claim: Claim) -> Any:  # noqa: ANN401  Ray makes the class of its handles at run time
    keeper = ray.remote(Keeper)
    options = keeper.options(
        num_cpus=claim.cpus, num_gpus=claim.gpus, memory=claim.memory or None, max_restarts=0, max_task_retries=0,
        max_concurrency=4,
    )  # fmt: skip
    return options.remote()


def _patience(error: RayError) -> float:
    """Return for how long the node of a dead actor may still turn out to be dead."""
    return NODE_DEATH_SECONDS if isinstance(error, ActorUnavailableError) else PROCESS_DEATH_SECONDS


def _brief(error: BaseException) -> str:
    """Return the last line of what Ray says of an error, which says most."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else ''}"[:500]


async def serve(broker: Broker, orders: BinaryIO) -> None:
    """Take orders until there are no more."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        while line := orders.readline():
            loop.call_soon_threadsafe(queue.put_nowait, line)
        loop.call_soon_threadsafe(queue.put_nowait, b"")

    threading.Thread(target=read, name="shiftscope-orders", daemon=True).start()
    watching = asyncio.create_task(broker.watch())
    while True:
        ordered = asyncio.create_task(queue.get())
        await asyncio.wait({ordered, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        line = await ordered
        if not line:
            return
        broker.obey(ORDER.validate_json(line))


def main() -> None:
    """Connect, and take orders until the server or the cluster is gone."""
    # Ray prints to standard output: what is printed goes to the log, and the reports to where it went before.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    broker = Broker(out)
    try:
        connect(sys.argv[1])
        asyncio.run(serve(broker, sys.stdin.buffer))
    except (RayError, ConnectionError, OSError, RuntimeError, ValueError) as error:
        with suppress(OSError):
            broker.report(Unreachable(reason=_brief(error)))
    threading.Timer(FAREWELL_SECONDS, os._exit, (0,)).start()  # a cluster that does not answer keeps nobody here
    ray.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
