"""Carrying out a network's program at each recorded step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from time import thread_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.batch_comparison import BatchComparison
from shiftscope.engine.due import Due
from shiftscope.engine.homes import Homes
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.parameter_snapshot import ParameterSnapshot
from shiftscope.engine.program import NOWHERE, SCOPE, Place, Program, Step
from shiftscope.engine.site_slots import SiteSlots
from shiftscope.engine.tensor_table import TensorTable
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
from shiftscope.tracing.explorer import Exploration
from shiftscope.tracing.grad_scaler import Scales
from shiftscope.tracing.journal import Call

Table = NDArray[np.int64]


class Runner:
    """A program with its memory.

    Args:
        program: what is to be done.
        network: whose passes `slots` observes.
        exploration: of the step that has just been, which is measured now.
        meter: of what it costs.
        failed: given an error at a part, and the part's index.

    Attributes:
        slots: what is measured as passes go by.
    """

    def __init__(
        self, program: Program, network: TracedNetwork, exploration: Exploration, meter: OverheadMeter,
        failed: Callable[[int, Exception], None],
    ) -> None:  # fmt: skip
        self._program = program
        self._meter = meter
        self._starts: Mapping[str, int] = {}
        self._steps = sorted(program.steps.items(), key=lambda item: item[0].operation)
        self.slots = SiteSlots(program.requests, network.units, meter, network.overwriting, failed)
        self._homes = Homes(network.module, program.parameters, program.vectors)
        self._updates = Homes(network.module, (), [(update.held, update.name) for update in program.updates])
        self._tensors = TensorTable(program.parameters, program.vectors)
        self._noting = next(iter(program.noting), SCOPE)
        self._sums = np.zeros((len(program.parameters), 2))
        self._row: NDArray[np.float32] | None = None
        self._constants = np.array(program.constants)
        self._levels = np.array(QUANTILE_LEVELS)
        self._tables: dict[Due, tuple[Table, list[tuple[str, Table]]]] = {}
        self._directory = self._list_tables()
        self._snapshot = ParameterSnapshot(self._updates.vectors)
        self._observers = [observer for request in program.requests for observer in request.observers]
        self._comparison = BatchComparison(program.compared, program.noise_floors)
        self._norms = [step for step, _ in self._steps if step.operation is Operation.WRITE_NORM]
        self.slots.replay(exploration)

    def place(self, starts: Mapping[str, int]) -> None:
        """Write, from now on, into rows in which each stream begins at its start."""
        self._starts = starts
        self._tables.clear()
        self._comparison.place(self._position)

    def prepare(self, due: Due) -> None:
        """Measure, from the next pass on, what the streams that are due need."""
        self.slots.prepare(due)

    def refresh(self, *, modules_changed: bool) -> None:
        """Notice parameters and modules that were replaced since the last step."""
        if self._homes.refresh(modules_changed=modules_changed):
            self._updates.refresh(modules_changed=True)
            self._tensors = TensorTable(self._homes.parameters, self._homes.vectors, self._tensors)
            self._snapshot = ParameterSnapshot(self._updates.vectors)
            self._directory = self._list_tables()
            self._row = None

    def run(
        self, row: NDArray[np.float32], due: Due, confirmed: Collection[Call], scales: Scales,
        earlier: KeptParameters | None = None,
    ) -> None:  # fmt: skip
        """Write what the calls that count passed and what the gradients are, as far as it belongs to these streams."""
        if due not in self._tables:
            self._tables[due] = self._table(due)
        whole, pieces = self._tables[due]
        self.slots.settle(confirmed, scales.activations)
        self._write_units(row)
        if self._comparison.stream in due.streams:
            begin = thread_time_ns()
            self._comparison.write(self.slots.memory.state, self.slots.memory.fine, confirmed, row)
            self._meter.passing(self._comparison.probe, thread_time_ns() - begin)
        for one in self._observers:
            begin = self._position(one.place)
            row[begin : begin + one.latest.size] = one.latest
        begin = thread_time_ns() if self._meter.timing else 0
        kept = self._tensors.note(earlier)
        if self._meter.timing:
            self._meter.passing(self._noting, thread_time_ns() - begin)
            for probe, piece in pieces:
                begin = thread_time_ns()
                self._execute(piece, row)
                self._meter.passing(probe, thread_time_ns() - begin)
        else:
            self._execute(whole, row)
        del kept
        if scales.parameters != 1.0 or self._homes.missing:
            self._correct_norms(row, due, scales.parameters)
        if self._program.updates:
            begin = thread_time_ns()
            self._snapshot.before(earlier)
            self._meter.passing(self._program.updates[0].requester.probe, thread_time_ns() - begin)

    def finish(self, row: NDArray[np.float32]) -> None:
        """Write what is known only after the update."""
        self._comparison.finish()
        if self._program.updates:
            begin = thread_time_ns()
            ratios = self._snapshot.after()
            for ratio, update in zip(ratios, self._program.updates, strict=True):
                row[self._position(update.place)] = ratio
            self._meter.passing(self._program.updates[0].requester.probe, thread_time_ns() - begin)

    def _correct_norms(self, row: NDArray[np.float32], due: Due, scale: float) -> None:
        """Make the norms those of the gradients that the optimizer uses; of a layer that is gone there are none."""
        missing = set(self._homes.missing)
        for step in self._norms:
            if step.place.stream in due.streams:
                gone = not missing.isdisjoint(range(step.target, step.target + step.argument))
                row[self._position(step.place)] *= np.nan if gone else 1.0 / scale

    def _execute(self, table: Table, row: NDArray[np.float32]) -> None:
        if row is not self._row:
            self._row = row
            self._directory[ROW] = row.ctypes.data, row.size
        execute(table, self._directory)

    def _list_tables(self) -> NDArray[np.int64]:
        """Make the directory, as far as it stays."""
        found = self.slots.memory
        tables: dict[int, NDArray[Any]] = {
            SLOTS: self._tensors.table, SUMS: self._sums, STATES: found.state, FINES: found.fine,
            VECTORS: found.vectors, GRADIENTS: found.gradients, CONSTANTS: self._constants, LEVELS: self._levels,
        }  # fmt: skip
        directory = np.zeros(DIRECTORY, dtype=np.int64)
        for entry, table in tables.items():
            directory[entry] = table.ctypes.data, table.shape[entry == SLOTS]
        return directory

    def _write_units(self, row: NDArray[np.float32]) -> None:
        memory = self.slots.memory
        for slot, places in self._program.units.items():
            begin = thread_time_ns()
            write_units(
                memory.picked[memory.pick(slot)], memory.picked_count(slot), self._levels, row,
                self._position(places.moments) if places.moments != NOWHERE else -1,
                self._position(places.histograms) if places.histograms != NOWHERE else -1,
            )  # fmt: skip
            self._meter.passing(places.requester.probe, thread_time_ns() - begin)

    def _position(self, place: Place) -> int:
        return self._starts[place.stream] + place.offset if place != NOWHERE else 0

    def _table(self, due: Due) -> tuple[Table, list[tuple[str, Table]]]:
        """Return the operations that are due, and the same in pieces, each by the probe that is charged with it."""
        steps = [
            (step, probe) for step, probe in self._steps if step.place == NOWHERE or step.place.stream in due.streams
        ]
        rows = np.array([self._operation(step) for step, _ in steps], dtype=np.int64).reshape(-1, 5)
        charged = [(step.operation, probe) for step, probe in steps]
        pieces = [
            (key[1], rows[[index for index, one in enumerate(charged) if one == key]]) for key in dict.fromkeys(charged)
        ]
        return rows, pieces

    def _operation(self, step: Step) -> tuple[int, ...]:
        index = step.target
        if step.operation is Operation.WRITE_VECTOR:
            index = self.slots.memory.vector(index)
        elif step.operation in {Operation.COPY, Operation.GAP}:
            index += len(self._program.parameters)
        argument = step.argument if step.other == NOWHERE else self._position(step.other)
        return step.operation, index, self._position(step.place), argument, step.constant
