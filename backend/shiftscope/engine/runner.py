"""Carrying out a network's program at each recorded step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import thread_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.parameter_snapshot import ParameterSnapshot
from shiftscope.engine.program import NOWHERE, Place, Program, Step
from shiftscope.engine.site_slots import SiteSlots
from shiftscope.engine.streams import PASSING, Stream
from shiftscope.engine.tensor_table import TensorTable
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import (
    CONSTANTS,
    DIRECTORY,
    FINES,
    GRADIENTS,
    LEVELS,
    ROW,
    SLOTS,
    STATES,
    SUMS,
    VECTORS,
    Operation,
    execute,
)
from shiftscope.kernels.readout import LEVELS as QUANTILE_LEVELS
from shiftscope.kernels.single_units import write_units
from shiftscope.tracing.forward_patch import Tap
from shiftscope.tracing.wrappers import PassWrappers

_BY_CHANNEL = Statistic.CHANNEL_MOMENTS


class Runner:
    """A program with its memory.

    Args:
        program: what is to be done.
        tap: which has explored a pass; it is taken up, and looked through from now on.
        units: which single units are looked at.
        meter: of what it costs.
    """

    def __init__(self, program: Program, tap: Tap, units: Sequence[int], meter: OverheadMeter) -> None:
        self._program = program
        self._meter = meter
        self._starts: Mapping[Stream, int] = {}
        program.add(Operation.FORGET)
        self._steps = sorted(program.steps, key=lambda step: step.operation)
        self._slots = SiteSlots(program.requests, units, meter)
        self._tensors = TensorTable(program.parameters, program.vectors)
        self._sums = np.zeros((len(program.parameters), 2))
        self._row: NDArray[np.float32] | None = None
        self._constants = np.array(program.constants)
        self._levels = np.array(QUANTILE_LEVELS)
        self._tables: dict[frozenset[Stream], NDArray[np.int64]] = {}
        self._directory = self._list_tables()
        self._snapshot = ParameterSnapshot([(held, name) for held, name, _ in program.updates])
        sites = [request.site for request in program.requests]
        self._wrappers = PassWrappers(sites, tap.calls, tap.overwriting, self._slots)
        tap.look_with(self._wrappers.stand_in, self._begin, self._wrappers.end)
        self._slots.see(tap.calls, tap.gradients)

    def place(self, starts: Mapping[Stream, int]) -> None:
        """Say where in the row each stream begins, from now on."""
        self._starts = starts
        self._tables.clear()

    def prepare(self, due: frozenset[Stream]) -> None:
        """Look, at the next pass, for what these streams need."""
        self._slots.only(~0 if Stream.CHANNELS in due else ~_BY_CHANNEL)

    def run(self, row: NDArray[np.float32], due: frozenset[Stream]) -> None:
        """Write what was seen and what the gradients are, as far as it belongs to these streams."""
        table = self._tables.get(due)
        if table is None:
            table = self._tables[due] = self._table(due)
        self._slots.finish()
        if self._program.units:
            begin = thread_time_ns()
            self._write_units(row)
            self._meter.passing("units", thread_time_ns() - begin)
        begin = thread_time_ns()
        kept = self._tensors.note()
        if self._meter.timing:
            self._meter.passing("gradient_norms", thread_time_ns() - begin)
            for operation in np.unique(table[:, 0]):
                begin = thread_time_ns()
                self._execute(table[table[:, 0] == operation], row)
                self._meter.operation(Operation(operation), thread_time_ns() - begin)
        else:
            self._execute(table, row)
        del kept
        self._slots.forgotten = True
        if self._program.updates:
            begin = thread_time_ns()
            self._snapshot.before()
            self._meter.passing("update_ratios", thread_time_ns() - begin)

    def finish(self, row: NDArray[np.float32]) -> None:
        """Write what is known only after the update."""
        if self._program.updates:
            begin = thread_time_ns()
            ratios = self._snapshot.after()
            for ratio, (_, _, place) in zip(ratios, self._program.updates, strict=True):
                row[self._position(place)] = ratio
            self._meter.passing("update_ratios", thread_time_ns() - begin)

    def _execute(self, table: NDArray[np.int64], row: NDArray[np.float32]) -> None:
        if row is not self._row:
            self._row = row
            self._directory[ROW] = row.ctypes.data, row.size
        execute(table, self._directory)

    def _list_tables(self) -> NDArray[np.int64]:
        """Make the directory, as far as it stays."""
        found = self._slots
        tables: dict[int, NDArray[Any]] = {
            SLOTS: self._tensors.table, SUMS: self._sums, STATES: found.state, FINES: found.fine,
            VECTORS: found.vectors, GRADIENTS: found.gradients, CONSTANTS: self._constants, LEVELS: self._levels,
        }  # fmt: skip
        directory = np.zeros(DIRECTORY, dtype=np.int64)
        for entry, table in tables.items():
            directory[entry] = table.ctypes.data, table.shape[entry == SLOTS]
        return directory

    def _begin(self) -> None:
        self._wrappers.begin()
        self._slots.begin()

    def _write_units(self, row: NDArray[np.float32]) -> None:
        for slot, moments, histograms in self._program.units:
            write_units(
                self._slots.picked[self._slots.pick(slot)], self._slots.picked_count(slot), self._levels, row,
                self._position(moments) if moments != NOWHERE else -1,
                self._position(histograms) if histograms != NOWHERE else -1,
            )  # fmt: skip

    def _position(self, place: Place) -> int:
        return self._starts.get(Stream(place.stream), 0) + place.offset if place != NOWHERE else 0

    def _table(self, due: frozenset[Stream]) -> NDArray[np.int64]:
        def index(step: Step) -> int:
            if step.operation is Operation.WRITE_VECTOR:
                return self._slots.vector(step.of)
            of_vector = step.operation in (Operation.COPY, Operation.GAP)
            return step.of + (len(self._program.parameters) if of_vector else 0)

        table = [
            (
                step.operation,
                index(step),
                self._position(step.place),
                step.argument if step.other == NOWHERE else self._position(step.other),
                step.constant,
            )
            for step in self._steps
            if step.place == NOWHERE or step.place.stream in due & PASSING
        ]
        return np.array(table, dtype=np.int64).reshape(-1, 5)
