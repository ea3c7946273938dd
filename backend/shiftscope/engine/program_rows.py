"""Writing a network's rows from numbers that were found: of sites, of gradients, and of what modules hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from time import thread_time_ns
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.batch_comparison import BatchComparison
from shiftscope.engine.due import Due
from shiftscope.engine.late_step import Shares
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.program import NOWHERE, Place, Program, Step
from shiftscope.engine.slot_memory import SlotMemory
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

Table = NDArray[np.int64]


class Numbers(NamedTuple):
    """What rows are written from.

    Attributes:
        memory: the sites' numbers.
        slots: where gradients, then vectors lie.
        sums: of the gradients: sums of squares and counts of what is not finite.
        late: whether these came from a device, so that the sums are there.
    """

    memory: SlotMemory
    slots: NDArray[np.int64]
    sums: NDArray[np.float64]
    late: bool = False


class ProgramRows:
    """Carries out a program's operations.

    Args:
        program: what is to be done.
        meter: of what it costs.

    Attributes:
        comparison: of sites with what passed them before.
    """

    def __init__(self, program: Program, meter: OverheadMeter) -> None:
        self._program, self._meter = program, meter
        self.comparison = BatchComparison(program.compared, program.noise_floors)
        self._starts: Mapping[str, int] = {}
        self._steps = sorted(program.steps.items(), key=lambda item: item[0].operation)
        self._norms = [step for step, _ in self._steps if step.operation is Operation.WRITE_NORM]
        self._observers = [observer for request in program.requests for observer in request.observers]
        self._constants = np.array(program.constants)
        self._levels = np.array(QUANTILE_LEVELS)
        self._tables: dict[tuple[Due, bool], tuple[Table, list[tuple[str, Table]]]] = {}
        self._directories: dict[bool, tuple[Numbers, NDArray[np.int64]]] = {}
        self._rows: dict[bool, NDArray[np.float32]] = {}

    def place(self, starts: Mapping[str, int]) -> None:
        """Write, from now on, into rows in which each stream begins at its start."""
        self._starts = starts
        self._tables.clear()
        self.comparison.place(self.position)

    def position(self, place: Place) -> int:
        """Return where in the rows a place is."""
        return self._starts[place.stream] + place.offset if place != NOWHERE else 0

    def write(
        self, row: NDArray[np.float32], due: Due, numbers: Numbers, shares: Shares, samples: int
    ) -> None:  # fmt: skip
        """Write what belongs to the streams that are due, of a step of so many samples."""
        if (due, numbers.late) not in self._tables:
            self._tables[due, numbers.late] = self._table(due, numbers)
        whole, pieces = self._tables[due, numbers.late]
        self._write_units(row, numbers.memory)
        if self.comparison.stream in due.streams:
            begin = thread_time_ns()
            self.comparison.write(numbers.memory.state, numbers.memory.fine, samples, row)
            self._meter.passing(self.comparison.probe, thread_time_ns() - begin)
        for one in self._observers:
            at = self.position(one.place)
            row[at : at + one.latest.size] = one.latest
        directory = self._directory(numbers, row)
        if self._meter.timing:
            for probe, piece in pieces:
                begin = thread_time_ns()
                execute(piece, directory)
                self._meter.passing(probe, thread_time_ns() - begin)
        else:
            execute(whole, directory)
        if shares.own:
            self._correct_norms(row, due, shares, numbers.sums)

    def write_clipping(self, row: NDArray[np.float32], before: float, after: float) -> None:
        """Write the norm of all gradients, before they were clipped and after; NaN where none is known."""
        for one in self._program.clipped:
            row[self.position(one.before)] = before
            row[self.position(one.after)] = after

    def write_ratios(self, row: NDArray[np.float32], ratios: Iterable[float]) -> None:
        """Write by what fraction the update has changed each parameter."""
        for ratio, update in zip(ratios, self._program.updates, strict=True):
            row[self.position(update.place)] = ratio

    def _directory(self, numbers: Numbers, row: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return where all tables lie."""
        late = numbers.late
        known = self._directories.get(late)
        if known is None or known[0] is not numbers:
            self._directories[late] = known = numbers, self._list_tables(numbers)
            self._rows.pop(late, None)
        directory = known[1]
        if row is not self._rows.get(late):
            self._rows[late] = row
            directory[ROW] = row.ctypes.data, row.size
        return directory

    def _list_tables(self, numbers: Numbers) -> NDArray[np.int64]:
        """Make the directory, as far as it stays."""
        memory = numbers.memory
        tables: dict[int, NDArray[Any]] = {
            SLOTS: numbers.slots, SUMS: numbers.sums, STATES: memory.state, FINES: memory.fine, VECTORS: memory.vectors,
            GRADIENTS: memory.gradients, CONSTANTS: self._constants, LEVELS: self._levels,
        }  # fmt: skip
        directory = np.zeros(DIRECTORY, dtype=np.int64)
        for entry, table in tables.items():
            directory[entry] = table.ctypes.data, table.shape[entry == SLOTS]
        return directory

    def _correct_norms(
        self, row: NDArray[np.float32], due: Due, shares: Shares, sums: NDArray[np.float64]
    ) -> None:  # fmt: skip
        """Make the norms those of the gradients that the optimizer uses; of a layer that is gone there are none."""
        missing, own = set(shares.missing), shares.own
        for step in self._norms:
            if step.place.stream not in due.streams:
                continue
            taken, at = range(step.target, step.target + step.argument), self.position(step.place)
            found = {own[index] for index in taken}
            if not missing.isdisjoint(taken):
                row[at] = np.nan
            elif len(found) == 1:
                row[at] /= found.pop()
            else:  # optimizers that unscale one after the other share the layer
                row[at] = sqrt(sum(float(sums[index, 0]) / own[index] ** 2 for index in taken))

    def _write_units(self, row: NDArray[np.float32], memory: SlotMemory) -> None:
        for slot, places in self._program.units.items():
            begin = thread_time_ns()
            write_units(
                memory.picked[memory.pick(slot)], memory.picked_count(slot), self._levels, row,
                self.position(places.moments) if places.moments != NOWHERE else -1,
                self.position(places.histograms) if places.histograms != NOWHERE else -1,
            )  # fmt: skip
            self._meter.passing(places.requester.probe, thread_time_ns() - begin)

    def _table(self, due: Due, numbers: Numbers) -> tuple[Table, list[tuple[str, Table]]]:
        """Return the operations that are due, and the same in pieces, each by the probe that is charged with it.

        Of what has come late, the squares of gradients are known.
        """
        steps = [
            (step, probe)
            for step, probe in self._steps
            if (step.place == NOWHERE or step.place.stream in due.streams)
            and not (numbers.late and step.operation is Operation.SQUARES)
        ]
        rows = np.array([self._operation(step, numbers.memory) for step, _ in steps], dtype=np.int64).reshape(-1, 5)
        charged = [(step.operation, probe) for step, probe in steps]
        pieces = [
            (key[1], rows[[index for index, one in enumerate(charged) if one == key]]) for key in dict.fromkeys(charged)
        ]
        return rows, pieces

    def _operation(self, step: Step, memory: SlotMemory) -> tuple[int, ...]:
        index = step.target
        if step.operation is Operation.WRITE_VECTOR:
            index = memory.vector(index)
        elif step.operation in {Operation.COPY, Operation.GAP}:
            index += len(self._program.parameters)
        argument = step.argument if step.other == NOWHERE else self.position(step.other)
        return step.operation, index, self.position(step.place), argument, step.constant
