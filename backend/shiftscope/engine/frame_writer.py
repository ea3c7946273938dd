"""From measured rows to frames: the run's header, once, then each frame with the next seq."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine import step_quantities
from shiftscope.engine.due import Due
from shiftscope.engine.faults import MisuseError
from shiftscope.engine.network_recorder import NetworkRecorder
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.plan import Location, Plan, Quantity
from shiftscope.engine.row_buffer import RowBuffer
from shiftscope.engine.streams import COST, EVALUATION, LOGGED, SCALARS, STEPS
from shiftscope.sinks.base import Sink
from shiftscope.wire.frames import Layout, LayoutBuilder, RunHeader, encode

Metrics = Mapping[str, Mapping[str, float]]
"""What evaluations found, by network and quantity."""


class FrameWriter:
    """Writes frames to a sink. Evaluations that come before the networks are known wait for them.

    Args:
        sink: where frames go.
        networks: their names.
        numbers: those of the streams in frames.
        total_steps: of the run, where known.
    """

    def __init__(
        self, sink: Sink, networks: Sequence[str], numbers: Mapping[str, int], total_steps: int | None
    ) -> None:
        self._sink = sink
        self._networks = networks
        self._numbers = numbers
        self._total_steps = total_steps
        self._waiting: list[tuple[int, Metrics]] = []
        self._evaluated: tuple[Quantity, ...] = ()
        self._rows: RowBuffer | None = None
        self._learning_rate: int | None = None
        self._meter: OverheadMeter | None = None
        self._seq = 0
        self._logged: dict[str, tuple[int, NDArray[np.float32]] | None] = {}

    @property
    def begun(self) -> bool:
        """Whether the header is written."""
        return self._rows is not None

    def begin(
        self, recorders: Sequence[NetworkRecorder], meter: OverheadMeter, *, learning_rate: bool
    ) -> Mapping[str, int]:
        """Write the header: the networks' layouts side by side, stream by stream; let the networks write there.

        Returns the length of each stream's row.
        """
        common = self._common(recorders, meter, learning_rate=learning_rate)
        layouts = [*(recorder.layouts for recorder in recorders), common]
        streams = sorted(set().union(*layouts), key=self._numbers.__getitem__)
        joined = {stream: self._join(stream, [one[stream] for one in layouts if stream in one]) for stream in streams}
        sizes = {stream: layout.size for stream, layout in joined.items()}
        apart = {EVALUATION, SCALARS, *LOGGED.values()}
        rows = RowBuffer({stream: sizes[stream] for stream in streams if stream not in apart}, self._numbers)
        ends = dict(rows.starts)
        for recorder in recorders:
            recorder.move(rows.values, dict(ends))
            for stream, layout in recorder.layouts.items():
                ends[stream] += layout.size
        self._meter = meter
        self._rows, self._learning_rate = rows, ends[STEPS] if learning_rate else None
        self._sink.begin(
            RunHeader(
                networks=tuple(recorder.info for recorder in recorders),
                layouts=tuple(joined.values()),
                total_steps=self._total_steps,
            )
        )
        for step, metrics in self._waiting:
            self._write_evaluation(step, metrics)
        self._waiting.clear()
        return sizes

    def write(self, due: Due, step: int, learning_rate: float | None) -> None:
        """Write the rows of the streams that are due as they are now."""
        rows = self._rows
        if rows is None:
            raise RuntimeError("write() before begin()")
        if self._learning_rate is not None:
            rows.numbers[self._learning_rate] = nan if learning_rate is None else learning_rate
        if due.cost and self._meter is not None:
            start = rows.starts[COST]
            found = self._meter.row()
            rows.values[start : start + found.size] = found
        frames = rows.frames(due, self._seq + 1, step, time.time())
        self._seq += len(frames)
        for frame in frames:
            self._sink.frame(frame)

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """Write what was found in eval mode, by network and quantity.

        Raises:
            ValueError: of a network or a quantity that the run does not record.
        """
        self._check(metrics)
        if self.begun:
            self._write_evaluation(step, metrics)
        else:
            self._waiting.append((step, metrics))

    def logged(self, name: str, network: str, step: int, value: float) -> bool:
        """Write a loss or an accuracy that was logged; return whether the run has a stream for it.

        The networks of one step share a row: it is written when all have come, or one of another step.
        """
        if name not in self._logged or network not in self._networks:
            return False
        at = self._networks.index(network)
        of, row = self._logged[name] or (step, self._nothing())
        if of != step or not np.isnan(row[at]):
            self._write_row(LOGGED[name], of, row)
            of, row = step, self._nothing()
        row[at] = value
        self._logged[name] = of, row
        if not np.isnan(np.delete(row, at)).any():
            self.write_logged(name)
        return True

    def write_logged(self, *names: str) -> None:
        """Write the rows of losses and accuracies, all unless named, that still wait for other networks."""
        for name in names or self._logged:
            if (waiting := self._logged.get(name)) is not None:
                self._logged[name] = None
                self._write_row(LOGGED[name], *waiting)

    def scalar(self, number: int, step: int, value: float) -> None:
        """Write a number that was logged under a name that has a number."""
        self._write_row(SCALARS, step, np.array([number, value], dtype=np.float32))

    def _common(
        self, recorders: Sequence[NetworkRecorder], meter: OverheadMeter, *, learning_rate: bool
    ) -> Mapping[str, Layout]:
        """Lay out what is of no network, what evaluations find, and what may be logged."""
        common = Plan(self._numbers)
        if learning_rate:
            common.add(STEPS, step_quantities.LEARNING_RATE)
        # What is recorded of evaluations: what those before the first step hold, or all there is.
        given = {name for _, metrics in self._waiting for found in metrics.values() for name in found}
        self._evaluated = tuple(
            quantity for quantity in step_quantities.EVALUATION if not given or quantity.name in given
        )
        for network in self._networks:
            for quantity in self._evaluated:
                common.add(EVALUATION, quantity, Location(network))
        measured = {entry.quantity for one in recorders for entry in one.layouts[STEPS].entries}
        for quantity in step_quantities.LOGGED:
            if quantity.name not in measured:
                self._logged[quantity.name] = None
                for network in self._networks:
                    common.add(LOGGED[quantity.name], quantity, Location(network))
        common.add(SCALARS, step_quantities.SCALAR_NUMBER)
        common.add(SCALARS, step_quantities.SCALAR_VALUE)
        meter.lay_out(common)
        return common.build()

    def _check(self, metrics: Metrics) -> None:
        known = [quantity.name for quantity in self._evaluated or step_quantities.EVALUATION]
        for network, found in metrics.items():
            if network not in self._networks:
                raise MisuseError(f"evaluate(): there is no network {network!r}; there are {', '.join(self._networks)}")
            for name in found:
                if name not in known:
                    raise MisuseError(f"evaluate(): {name!r} is not recorded in this run; {', '.join(known)} are")

    def _write_evaluation(self, step: int, metrics: Metrics) -> None:
        values = [metrics.get(network, {}).get(one.name, nan) for network in self._networks for one in self._evaluated]
        self._write_row(EVALUATION, step, np.array(values, dtype=np.float32))

    def _nothing(self) -> NDArray[np.float32]:
        return np.full(len(self._networks), nan, dtype=np.float32)

    def _write_row(self, stream: str, step: int, row: NDArray[np.float32]) -> None:
        self._seq += 1
        self._sink.frame(encode(self._numbers[stream], self._seq, step, time.time(), row))

    def _join(self, stream: str, layouts: Sequence[Layout]) -> Layout:
        builder = LayoutBuilder(self._numbers[stream], stream)
        for layout in layouts:
            for entry in layout.entries:
                builder.add(
                    entry.quantity, unit=entry.unit, network=entry.network, layer=entry.layer, site=entry.site,
                    shape=entry.shape, coordinates=entry.coordinates,
                )  # fmt: skip
        return builder.build()
