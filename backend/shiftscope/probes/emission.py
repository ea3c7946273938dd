"""From measured rows to frames: the run's header, once, then each frame with the next seq."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from shiftscope.frames import Layout, LayoutBuilder, NetworkInfo, RunHeader, encode
from shiftscope.probes import steps
from shiftscope.probes.plan import Plan, Stream
from shiftscope.sinks import Sink


class Emission:
    """Sends frames to a sink. Evaluations that come before the networks are known wait for them."""

    def __init__(self, sink: Sink, networks: Sequence[str], total_steps: int | None) -> None:
        self._sink = sink
        self._networks = networks
        self._total_steps = total_steps
        self._waiting: list[Callable[[], None]] = []
        self._begun = False
        self._seq = 0

    def begin(self, networks: Sequence[NetworkInfo], layouts: Sequence[Mapping[Stream, Layout]]) -> None:
        """Send the header: the layouts side by side, stream by stream, and that of evaluations."""
        layouts = [*layouts, self._evaluation_layout()]
        joined = [
            _join(stream, [layout[stream] for layout in layouts if stream in layout])
            for stream in sorted(set().union(*layouts))
        ]
        self._sink.begin(RunHeader(networks=tuple(networks), layouts=tuple(joined), total_steps=self._total_steps))
        self._begun = True
        for send in self._waiting:
            send()
        self._waiting.clear()

    @property
    def begun(self) -> bool:
        """Whether the header is out."""
        return self._begun

    def send(self, stream: Stream, step: int, parts: Sequence[NDArray[np.float32]]) -> None:
        """Send one frame whose row is the parts, side by side."""
        self._seq += 1
        row = parts[0] if len(parts) == 1 else np.concatenate(parts)
        self._sink.frame(encode(int(stream), self._seq, step, time.time(), row))

    def evaluation(self, step: int, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Send what was found in eval mode, by network and quantity."""
        values = [
            metrics.get(network, {}).get(quantity.name, np.nan)
            for network in self._networks
            for quantity in steps.EVALUATION
        ]
        row = np.array(values, dtype=np.float32)
        if self._begun:
            self.send(Stream.EVALUATION, step, [row])
        else:
            self._waiting.append(lambda: self.send(Stream.EVALUATION, step, [row]))

    def _evaluation_layout(self) -> Mapping[Stream, Layout]:
        plan = Plan()
        for network in self._networks:
            for quantity in steps.EVALUATION:
                plan.add(Stream.EVALUATION, quantity, network=network)
        return plan.build()


def _join(stream: Stream, layouts: Sequence[Layout]) -> Layout:
    builder = LayoutBuilder(int(stream), stream.title)
    for layout in layouts:
        for entry in layout.entries:
            builder.add(
                entry.quantity, unit=entry.unit, network=entry.network, layer=entry.layer, site=entry.site,
                shape=entry.shape, coordinates=entry.coordinates,
            )  # fmt: skip
    return builder.build()
