"""One network's measurements, made ready once: what to see at its sites, and a table of operations for the rest.

A probe adds to the program when the run begins; at a recorded step two kinds of compiled call carry it out: one for
each tensor that passes a site, and one for all that is left to do when the gradients are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from shiftscope.probes.addresses import Addresses
from shiftscope.probes.capture import Forward, Tap
from shiftscope.probes.execute import Operation, execute
from shiftscope.probes.look import Want
from shiftscope.probes.sights import Sights
from shiftscope.probes.structure import Site
from shiftscope.probes.summary import LEVELS


class Place(NamedTuple):
    """Where in a stream's row something is written; `stream` is -1 for nowhere."""

    stream: int
    offset: int


_NOWHERE = Place(-1, 0)


class _Step(NamedTuple):
    operation: Operation
    of: int
    place: Place
    argument: int
    constant: int
    other: Place


class Program:
    """What is to be done for one network."""

    def __init__(self) -> None:
        self.sites: dict[tuple[tuple[int, ...], int], Site] = {}
        self.wants: list[Want] = []
        self.channels: dict[int, int] = {}
        self.parameters: list[nn.Parameter] = []
        self.vectors: list[tuple[Mapping[str, Any], str]] = []
        self.steps: dict[_Step, None] = {}
        self.constants: list[float] = [0.0]

    def see(self, site: Site, want: Want, channels: int = 0) -> int:
        """Say what is wanted at a site; return its index. `channels` tells how many there are, if wanted by channel."""
        key = (site.calls, site.end)
        if key not in self.sites:
            self.sites[key] = site
            self.wants.append(Want.MOMENTS)
        index = list(self.sites).index(key)
        self.wants[index] |= want
        if channels:
            self.channels[index] = channels
        return index

    def gradients(self, parameters: Sequence[nn.Parameter]) -> int:
        """Return the index of the first of these parameters' gradients; they stand side by side."""
        first = len(self.parameters)
        self.parameters.extend(parameters)
        return first

    def vector(self, held: Mapping[str, Any], name: str) -> int:
        """Return the index of a parameter or buffer, given the module's mapping that holds it and its name there."""
        self.vectors.append((held, name))
        return len(self.vectors) - 1

    def add(
        self, operation: Operation, index: int = 0, place: Place = _NOWHERE, *, argument: int = 0,
        constant: float = 0.0, other: Place = _NOWHERE,
    ) -> None:  # fmt: skip
        """Add an operation, once; `other` is a place in the row that is its argument."""
        if constant not in self.constants:
            self.constants.append(constant)
        self.steps[_Step(operation, index, place, argument, self.constants.index(constant), other)] = None


class Runner:
    """A program with its memory, carried out at each recorded step."""

    def __init__(self, program: Program, tap: Tap, starts: Mapping[Any, int]) -> None:
        """Take up the pass that the tap has explored, and look through it from now on."""
        self._program = program
        self._tap = tap
        self._starts = starts
        # Gradients before vectors; sums of squares before the norms that are made of them.
        self._steps = sorted(program.steps, key=lambda step: step.operation)
        self._sights = Sights(list(program.sites.values()), program.wants, program.channels)
        self._addresses = Addresses(program.parameters, program.vectors)
        self._sums = np.zeros((len(program.parameters), 2))
        self._constants = np.array(program.constants)
        self._levels = np.array(LEVELS)
        self._tables: dict[frozenset[Any], NDArray[np.int64]] = {}
        calls = list(tap.calls)

        def recorder(part: int, forward: Forward) -> Forward | None:
            return self._sights.recorder(calls, part, forward)

        tap.look_with(recorder, self._sights.begin)
        self._sights.see(calls)

    def place(self, starts: Mapping[Any, int]) -> None:
        """Write into a row in which the streams begin at other places from now on."""
        self._starts = starts
        self._tables.clear()

    def run(self, row: NDArray[np.float32], streams: frozenset[Any]) -> None:
        """Write what was seen and what the gradients are, as far as it belongs to these streams."""
        table = self._tables.get(streams)
        if table is None:
            table = self._tables[streams] = self._table(streams)
        sights = self._sights
        sights.finish()
        kept = self._addresses.note()
        execute(
            table, self._addresses.table, self._sums, sights.state, sights.fine, sights.vectors,
            self._constants, self._levels, row,
        )  # fmt: skip
        del kept

    def _table(self, streams: frozenset[int]) -> NDArray[np.int64]:
        def position(place: Place) -> int:
            return self._starts.get(place.stream, 0) + place.offset

        def index(step: _Step) -> int:
            if step.operation is Operation.WRITE_VECTOR:
                return self._sights.vector(step.of)
            of_vector = step.operation in (Operation.COPY, Operation.GAP)
            return step.of + (len(self._program.parameters) if of_vector else 0)

        table = [
            (
                step.operation,
                index(step),
                position(step.place),
                step.argument if step.other == _NOWHERE else position(step.other),
                step.constant,
            )
            for step in self._steps
            if step.place == _NOWHERE or step.place.stream in streams
        ]
        return np.array(table, dtype=np.int64).reshape(-1, 5)
