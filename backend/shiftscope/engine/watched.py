"""What is being watched by what: a network that is watched anew, or by a cell that is run again, is let go first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from weakref import ref

from torch import nn

from shiftscope.engine.cells import current_cell
from shiftscope.notices import Notice, notice
from shiftscope.wire.messages import EndState


class Closable(Protocol):
    """A scope."""

    def close(self, state: EndState, reason: Notice) -> None:
        """End the run."""


class Watched:
    """Holds none of them."""

    def __init__(self) -> None:
        self._networks: dict[int, tuple[ref[nn.Module], ref[Closable]]] = {}
        self._cells: dict[str, tuple[int, list[ref[Closable]]]] = {}

    def replace(self, networks: Iterable[nn.Module]) -> None:
        """End the scopes that watch any of these networks, and those that this cell began when it was run before."""
        for known in [known for known, (network, _) in self._networks.items() if network() is None]:
            del self._networks[known]
        for source in [
            source for source, (_, scopes) in self._cells.items() if not any(one() is not None for one in scopes)
        ]:
            del self._cells[source]
        for network in networks:
            same, scope = self._networks.pop(id(network), (None, None))
            watching = scope() if scope is not None and same is not None and same() is network else None
            if watching is not None:
                watching.close("stopped", notice("end.watched_anew"))
        cell = current_cell()
        if cell is not None and cell.source in self._cells:
            before, scopes = self._cells[cell.source]
            for watching in [one() for one in scopes] if before != cell.run else ():
                if watching is not None:
                    watching.close("stopped", notice("end.replaced"))

    def add(self, scope: Closable, networks: Iterable[nn.Module]) -> None:
        """Note what watches these networks from now on."""
        self._networks.update({id(network): (ref(network), ref(scope)) for network in networks})
        if (cell := current_cell()) is not None:
            before, scopes = self._cells.get(cell.source, (cell.run, []))
            self._cells[cell.source] = cell.run, [*(scopes if before == cell.run else ()), ref(scope)]
