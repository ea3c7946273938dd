"""From measured rows to frames: the run's header, once, then each frame with the next seq."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from math import nan
from operator import is_
from typing import NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from shiftscope.engine import step_quantities
from shiftscope.engine.due import Due
from shiftscope.engine.given_rows import GivenRows
from shiftscope.engine.network_recorder import NetworkRecorder
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.plan import Plan
from shiftscope.engine.reports import streams_dropped, too_many_layouts
from shiftscope.engine.revisions import ALL_THERE, Absence, Revisions
from shiftscope.engine.row_buffer import RowBuffer
from shiftscope.engine.streams import COST, EVALUATION, LOGGED, SCALARS, STEPS
from shiftscope.sinks.base import Sink
from shiftscope.tracing.ranks import current_rank
from shiftscope.wire.frames import Layout, LayoutBuilder, NetworkInfo, Process, RunHeader, encode


class Aside(NamedTuple):
    """Rows of a step.

    Attributes:
        due: the streams that are.
        step: updates before it.
        time: when it was.
        absent: what of each network was not seen.
        values: the rows.
    """

    due: Due
    step: int
    time: float
    absent: tuple[Absence, ...]
    values: NDArray[np.float32]


class FrameWriter:
    """Writes frames to a sink.

    Args:
        sink: where frames go.
        networks: their names.
        numbers: those of the streams in frames.
        total_steps: of the run, where known.
        studied: streams that studies write: what did not run in a training step may have run there.

    Attributes:
        given: rows of what is not measured.
    """

    def __init__(
        self, sink: Sink, networks: Sequence[str], numbers: Mapping[str, int], total_steps: int | None,
        studied: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._sink = sink
        self._networks = networks
        self._numbers = numbers
        self._total_steps = total_steps
        self._studied = frozenset(studied)
        self._passing: frozenset[str] = frozenset()
        self._revisions: Revisions | None = None
        self._full = self._learning = False
        self._dropped: frozenset[str] = frozenset()
        self._recorders: list[ref[NetworkRecorder]] = []  # which hold the networks, whose lifetime is not this one's
        self._common_layouts: Mapping[str, Layout] = {}
        self._infos: tuple[NetworkInfo, ...] = ()
        self._rows: RowBuffer | None = None
        self._learning_rate: int | None = None
        self._meter: OverheadMeter | None = None
        self._seq = 0
        self.given = GivenRows(networks, self._write_row)

    @property
    def begun(self) -> bool:
        """Whether the header is written."""
        return self._rows is not None

    @property
    def seq(self) -> int:
        """Of the last frame."""
        return self._seq

    def go_on_after(self, seq: int) -> None:
        """Let the frames follow on those that another writer has written."""
        self._seq = seq

    def may_grow(self, waiting: Sequence[bool], recorders: Sequence[NetworkRecorder | None]) -> bool:
        """Whether one more network may be explored again: all streams must have room for what is found.

        Args:
            waiting: which networks are explored just now.
            recorders: theirs; what new ones have found was not declared yet.
        """
        if self._revisions is None:
            return True
        known = [one() for one in self._recorders]
        taken = sum(one or now is not old for one, now, old in zip(waiting, recorders, known, strict=True))
        return self._revisions.growths > taken

    def begin(
        self, recorders: Sequence[NetworkRecorder], meter: OverheadMeter, *, learning_rate: bool
    ) -> Mapping[str, int]:
        """Write the header: the networks' layouts side by side, stream by stream; let the networks write there.

        Returns the length of each stream's row.
        """
        self._common_layouts = self._common(recorders, meter, learning_rate=learning_rate)
        self._meter, self._learning = meter, learning_rate
        self._passing = frozenset().union(*(recorder.streams for recorder in recorders))
        joined = self._joined(recorders)
        self._revisions = Revisions(joined, self._networks, self._studied)
        self._place(recorders, joined)
        self._infos = tuple(recorder.info for recorder in recorders)
        layouts = tuple(joined.values())
        rank = current_rank()
        process = None if rank is None else Process(rank=rank.number, of=rank.of)
        self._sink.begin(
            RunHeader(networks=self._infos, layouts=layouts, total_steps=self._total_steps, process=process)
        )
        self.given.begin()
        return {stream: layout.size for stream, layout in joined.items()}

    def follow(self, recorders: Sequence[NetworkRecorder], step: int) -> Mapping[str, int]:
        """Lay streams out anew where networks have other recorders since, as they have other layers.

        Returns the length of each row that is another one since.
        """
        known = [one() for one in self._recorders]
        if self._revisions is None or all(map(is_, known, recorders)):
            return {}
        joined = self._joined(recorders)
        new = self._revisions.revise(joined)
        self._place(recorders, joined)
        networks = tuple(recorder.info for recorder in recorders)
        if new or networks != self._infos:
            self._infos = networks
            value: JsonValue = {
                "layouts": [layout.model_dump(mode="json") for layout in new],
                "networks": [network.model_dump(mode="json") for network in networks],
            }
            self._sink.event("layouts", step, "", value=value)
        if more := self._revisions.dropped - self._dropped:
            self._sink.event("note", step, streams_dropped(sorted(more)))
        self._dropped = self._revisions.dropped
        return {layout.name: layout.size for layout in new}

    def _joined(self, recorders: Sequence[NetworkRecorder]) -> dict[str, Layout]:
        """Return the networks' layouts side by side, by stream."""
        layouts = [*(recorder.layouts for recorder in recorders), self._common_layouts]
        streams = sorted(self._passing.union(*layouts), key=self._numbers.__getitem__)
        return {stream: self._join(stream, [one[stream] for one in layouts if stream in one]) for stream in streams}

    def _place(self, recorders: Sequence[NetworkRecorder], joined: Mapping[str, Layout]) -> None:
        """Let the networks write into rows of these layouts."""
        apart = {EVALUATION, SCALARS, *LOGGED.values()}
        sizes = {stream: layout.size for stream, layout in joined.items() if stream not in apart}
        now = self._revisions.now if self._revisions else joined
        rows = RowBuffer(sizes, {stream: layout.number for stream, layout in now.items()})
        ends = dict(rows.starts)
        for recorder in recorders:
            recorder.move(rows.values, dict(ends))
            for stream, layout in recorder.layouts.items():
                ends[stream] += layout.size
        self._recorders = [ref(recorder) for recorder in recorders]
        self._rows, self._learning_rate = rows, ends[STEPS] if self._learning else None

    def write(self, due: Due, step: int, learning_rate: float | None, absent: tuple[Absence, ...] = ()) -> None:
        """Write the rows of the streams that are due as they are now; `absent` is what of each network was not seen."""
        self._send(self._complete(due, step, learning_rate, absent, time.time()))

    def set_aside(self, due: Due, step: int, learning_rate: float | None, absent: tuple[Absence, ...]) -> Aside:
        """Return the rows as they are now, to be written later, when the rest of them is there."""
        rows = self._complete(due, step, learning_rate, absent, time.time())
        return rows._replace(values=self._existing.values.copy())

    def write_aside(self, aside: Aside, fill: Callable[[], None]) -> None:
        """Write rows that were set aside, once `fill` has filled in what they lacked."""
        with self._existing.lent(aside.values):
            fill()
            self._send(aside)

    def follows(self, recorders: Sequence[NetworkRecorder]) -> bool:
        """Whether rows are laid out for these."""
        return all(map(is_, (one() for one in self._recorders), recorders))

    @property
    def _existing(self) -> RowBuffer:
        if self._rows is None:
            raise RuntimeError("no rows before begin()")
        return self._rows

    def _complete(
        self, due: Due, step: int, learning_rate: float | None, absent: tuple[Absence, ...], at: float
    ) -> Aside:
        """Add to the rows what is of no network."""
        rows = self._existing
        if self._learning_rate is not None:
            rows.numbers[self._learning_rate] = nan if learning_rate is None else learning_rate
        if due.cost and self._meter is not None:
            start = rows.starts[COST]
            found = self._meter.row()
            rows.values[start : start + found.size] = found
        return Aside(due, step, at, absent, rows.values)

    def _send(self, aside: Aside) -> None:
        rows, due, step = self._existing, aside.due, aside.step
        if any(one is not ALL_THERE for one in aside.absent):
            frames = self._without_absent(rows, due, step, aside.absent, aside.time)
        else:
            frames = rows.frames(due, self._seq + 1, step, aside.time)
        self._seq += len(frames)
        for frame in frames:
            self._sink.frame(frame)

    def _without_absent(
        self, rows: RowBuffer, due: Due, step: int, absent: tuple[Absence, ...], at: float
    ) -> list[bytes]:
        """Return the frames of a step at which not all layers ran; declare how they are laid out."""
        if self._revisions is None:
            raise RuntimeError("frames before begin()")
        laid, new = self._revisions.laid(absent, sorted(due.streams))
        for layout in new:
            self._sink.event("layouts", step, "", value={"layouts": [layout.model_dump(mode="json")]})
        lacking = self._revisions.lacking(absent, sorted(due.streams - laid.keys()))
        if self._revisions.full and not self._full:
            self._full = True
            self._sink.event("note", step, too_many_layouts())
        return rows.partial(due, self._seq + 1, step, at, laid, lacking)

    def _common(
        self, recorders: Sequence[NetworkRecorder], meter: OverheadMeter, *, learning_rate: bool
    ) -> Mapping[str, Layout]:
        """Lay out what is of no network, what evaluations find, and what may be logged."""
        common = Plan(self._numbers)
        if learning_rate:
            common.add(STEPS, step_quantities.LEARNING_RATE)
        self.given.lay_out(common, {entry.quantity for one in recorders for entry in one.layouts[STEPS].entries})
        meter.lay_out(common)
        return common.build()

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
