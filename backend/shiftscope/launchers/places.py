"""Who trains next: a fair share for each browser, so that thirty laptops on one server wait alike."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Queued:
    """A run in the queue."""

    run: str
    owner: str


def fair(waiting: Iterable[Queued], training: Mapping[str, int]) -> list[str]:
    """Return the runs in the order in which they get a place, given who has how many that train.

    Each owner's first comes before anybody's second, what trains counted in; among equals who came first.
    """
    ahead = Counter(training)
    ranks: list[tuple[int, int, str]] = []
    for arrival, one in enumerate(waiting):
        ranks.append((ahead[one.owner], arrival, one.run))
        ahead[one.owner] += 1
    return [run for _, _, run in sorted(ranks)]


class Places:
    """So many places to train in, and the queue before them. `moved` is called with each run whose number changes."""

    def __init__(self, count: int, moved: Callable[[str, int | None], None]) -> None:
        self._free = count
        self._moved = moved
        self._queue: dict[str, tuple[Queued, asyncio.Future[bool]]] = {}
        self._training: Counter[str] = Counter()
        self._numbers: dict[str, int] = {}

    @asynccontextmanager
    async def place(self, run: str, owner: str) -> AsyncIterator[bool]:
        """Hold a place once it is this run's turn; yields whether it has one: not when it was withdrawn."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue[run] = Queued(run, owner), turn
        self._advance()
        try:
            taken = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self._leave(owner)
            else:
                self.withdraw(run)
            raise
        try:
            yield taken
        finally:
            if taken:
                self._leave(owner)

    def withdraw(self, run: str) -> None:
        """Let a run wait no more."""
        _, turn = self._queue.pop(run, (None, None))
        if turn is not None and not turn.done():
            turn.set_result(False)
        self._advance()

    def _leave(self, owner: str) -> None:
        self._free += 1
        self._training[owner] -= 1
        self._advance()

    def _advance(self) -> None:
        """Give the free places to whose turn it is, and number the others."""
        order = fair([waiting for waiting, _ in self._queue.values()], self._training)
        while self._free and order:
            waiting, turn = self._queue.pop(order[0])
            if not turn.done():  # else it was cancelled, and is about to leave
                self._free -= 1
                self._training[waiting.owner] += 1
                turn.set_result(True)
            order = fair([waiting for waiting, _ in self._queue.values()], self._training)
        numbers = {run: number for number, run in enumerate(order, 1)}
        before, self._numbers = self._numbers, numbers
        for run in before.keys() | numbers.keys():
            if before.get(run) != numbers.get(run):
                self._moved(run, numbers.get(run))
