"""From measured rows to frames: the run's header, once, then each frame with the next seq."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine import step_quantities
from shiftscope.engine.network_recorder import NetworkRecorder
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.plan import Plan, Quantity, Spot
from shiftscope.engine.row_buffer import RowBuffer
from shiftscope.engine.streams import Stream
from shiftscope.sinks.base import Sink
from shiftscope.wire.frames import Layout, LayoutBuilder, RunHeader, encode


class FrameWriter:
    """Sends frames to a sink. Evaluations that come before the networks are known wait for them."""

    def __init__(self, sink: Sink, networks: Sequence[str], total_steps: int | None) -> None:
        self._sink = sink
        self._networks = networks
        self._total_steps = total_steps
        self._waiting: list[tuple[int, Mapping[str, Mapping[str, float]]]] = []
        self._laid: tuple[Quantity, ...] = ()
        self._rows: RowBuffer | None = None
        self._learning_rate: int | None = None
        self._meter: OverheadMeter | None = None
        self._seq = 0

    @property
    def begun(self) -> bool:
        """Whether the header is out."""
        return self._rows is not None

    def begin(
        self, recorders: Sequence[NetworkRecorder], meter: OverheadMeter, *, learning_rate: bool
    ) -> Mapping[Stream, int]:
        """Send the header: the networks' layouts side by side, stream by stream; let the networks write there.

        Returns the length of each stream's row.
        """
        common = Plan()
        if learning_rate:
            common.add(Stream.STEPS, step_quantities.LEARNING_RATE)
        metrics = self._metrics()
        for network in self._networks:
            for quantity in metrics:
                common.add(Stream.EVALUATION, quantity, Spot(network))
        meter.lay(common)
        layouts = [*(recorder.layouts for recorder in recorders), common.build()]
        joined = {
            stream: _join(stream, [layout[stream] for layout in layouts if stream in layout])
            for stream in sorted(set().union(*layouts))
        }
        rows = RowBuffer({stream: layout.size for stream, layout in joined.items() if stream is not Stream.EVALUATION})
        ends = dict(rows.starts)
        for recorder in recorders:
            recorder.move(rows.values, dict(ends))
            for stream, layout in recorder.layouts.items():
                ends[stream] += layout.size
        self._meter = meter
        self._rows, self._learning_rate = rows, ends[Stream.STEPS] if learning_rate else None
        self._sink.begin(
            RunHeader(
                networks=tuple(recorder.info for recorder in recorders),
                layouts=tuple(joined.values()),
                total_steps=self._total_steps,
            )
        )
        for step, found in self._waiting:
            self._send_evaluation(step, found)
        self._waiting.clear()
        return {stream: layout.size for stream, layout in joined.items()}

    def send(self, streams: frozenset[Stream], step: int, learning_rate: float | None) -> None:
        """Send the rows of these streams as they are now."""
        rows = self._rows
        if rows is None:
            raise RuntimeError("send() before begin()")
        if self._learning_rate is not None:
            rows.numbers[self._learning_rate] = nan if learning_rate is None else learning_rate
        if Stream.COST in streams and self._meter is not None:
            start = rows.starts[Stream.COST]
            found = self._meter.row()
            rows.values[start : start + found.size] = found
        frames = rows.frames(streams, self._seq + 1, step, time.time())
        self._seq += len(frames)
        for frame in frames:
            self._sink.frame(frame)

    def evaluation(self, step: int, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Send what was found in eval mode, by network and quantity.

        Raises:
            ValueError: of a network or a quantity that the run does not record.
        """
        self._check(metrics)
        if self.begun:
            self._send_evaluation(step, metrics)
        else:
            self._waiting.append((step, metrics))

    def _metrics(self) -> tuple[Quantity, ...]:
        """Choose what is recorded of evaluations: what those before the first step hold, or all there is."""
        given = {name for _, metrics in self._waiting for found in metrics.values() for name in found}
        self._laid = tuple(quantity for quantity in step_quantities.EVALUATION if not given or quantity.name in given)
        return self._laid

    def _check(self, metrics: Mapping[str, Mapping[str, float]]) -> None:
        known = [quantity.name for quantity in self._laid or step_quantities.EVALUATION]
        for network, found in metrics.items():
            if network not in self._networks:
                raise ValueError(f"evaluate(): there is no network {network!r}; there are {', '.join(self._networks)}")
            for name in found:
                if name not in known:
                    raise ValueError(f"evaluate(): {name!r} is not recorded in this run; {', '.join(known)} are")

    def _send_evaluation(self, step: int, metrics: Mapping[str, Mapping[str, float]]) -> None:
        values = [metrics.get(network, {}).get(one.name, nan) for network in self._networks for one in self._laid]
        self._send_row(Stream.EVALUATION, step, np.array(values, dtype=np.float32))

    def _send_row(self, stream: Stream, step: int, row: NDArray[np.float32]) -> None:
        self._seq += 1
        self._sink.frame(encode(int(stream), self._seq, step, time.time(), row))


def _join(stream: Stream, layouts: Sequence[Layout]) -> Layout:
    builder = LayoutBuilder(int(stream), stream.title)
    for layout in layouts:
        for entry in layout.entries:
            builder.add(
                entry.quantity, unit=entry.unit, network=entry.network, layer=entry.layer, site=entry.site,
                shape=entry.shape, coordinates=entry.coordinates,
            )  # fmt: skip
    return builder.build()
