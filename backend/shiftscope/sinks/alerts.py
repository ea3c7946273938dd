"""Finds what goes wrong in a run on its way to its sink, by the narrator's rules."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
from pydantic import JsonValue
from typing_extensions import override

from shiftscope.narration.narrator import Narrator
from shiftscope.notices import Notice, as_notice
from shiftscope.sinks.base import Sink
from shiftscope.wire.alerts import Alert, alert_kind
from shiftscope.wire.frames import Frame, Layout, RunHeader
from shiftscope.wire.messages import EndState, EventKind, Revision

logger = logging.getLogger(__name__)

_COUNTS = frozenset({"nan_count", "infinite_count"})


class AlertSink(Sink):
    """Passes everything on, and keeps alerts until they are taken. In the training's thread, about 20 µs a frame."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._header: RunHeader | None = None
        self._narrator: Narrator | None = None
        self._origins: _Origins | None = None
        self._layers: Frame | None = None
        self._found: list[Alert] = []
        self._diverged: set[str] = set()

    @property
    def page(self) -> str:
        """The address of the run's page, where it has one."""
        return str(getattr(self._sink, "page", ""))

    @property
    def path(self) -> str:
        """The path of the recording, where it goes to one."""
        return str(getattr(self._sink, "path", ""))

    def take(self) -> list[Alert]:
        """Return what was found since this was last called."""
        taken, self._found = self._found, []
        return [self._located(alert) if alert.kind == "diverged" else alert for alert in taken]

    @override
    def begin(self, header: RunHeader) -> None:
        self._header, self._narrator, self._origins = header, Narrator(header), _Origins(header)
        self._sink.begin(header)

    @override
    def frame(self, data: bytes) -> None:
        self._sink.frame(data)
        if self._narrator is None or self._origins is None:
            return
        frame = Frame.parse(data)
        if self._origins.are_in(frame):
            self._layers = frame
        try:
            for said in self._narrator.observe(frame):
                self._add(said.notice, said.step, said.network, said.layer)
        except Exception:
            # As where the sentences are written down: what is measured is kept, whatever the narrator makes of it.
            logger.exception("nothing more is found in this run")
            self._narrator = None

    @override
    def progress(self, step: int) -> None:
        self._sink.progress(step)

    @override
    def event(
        self, kind: EventKind, step: int, message: Notice | str, *, network: str = "", layer: str = "",
        value: JsonValue = None,
    ) -> None:  # fmt: skip
        self._sink.event(kind, step, message, network=network, layer=layer, value=value)
        if kind == "layouts" and self._narrator is not None and self._header is not None:
            self._narrator.revise(value)
            self._header = Revision.model_validate(value).of(self._header)
            self._origins = _Origins(self._header)
        self._add(as_notice(message), step, network, layer)

    @override
    def flush(self) -> None:
        self._sink.flush()

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        self._sink.end(state, reason)

    def _add(self, message: Notice, step: int, network: str, layer: str) -> None:
        kind = alert_kind(message.code)
        if kind is None or (kind == "diverged" and network in self._diverged):
            return
        if kind == "diverged":
            self._diverged.add(network)
        self._found.append(Alert(kind, step, network, layer, message.text, message.code))

    def _located(self, alert: Alert) -> Alert:
        """Return a divergence with the layer at which it is seen first, if the step's layers were recorded."""
        if self._layers is None or self._origins is None or self._layers.step != alert.step:
            return alert
        layer = self._origins.find(self._layers, alert.network)
        return Alert(alert.kind, alert.step, alert.network, layer, alert.message, alert.code)


class _Origins:
    """Where a network's values stop being finite: in its forward pass, or else on the way back."""

    def __init__(self, header: RunHeader) -> None:
        layouts = {one.number: one for one in header.layouts if one.name == "layers"}
        self._layers = {one.name: [layer.name for layer in one.layers] for one in header.networks}
        self._counts = {number: _offsets(layout, _COUNTS) for number, layout in layouts.items()}
        self._gradients = {number: _offsets(one, frozenset({"gradient_norm"})) for number, one in layouts.items()}

    def are_in(self, frame: Frame) -> bool:
        """Whether a frame has what `find` reads."""
        return frame.stream in self._counts

    def find(self, frame: Frame, network: str) -> str:
        """Return the first layer with a value that is not finite; "" where all are."""
        row, layers = frame.row, self._layers.get(network, [])
        counts, gradients = self._counts[frame.stream], self._gradients[frame.stream]
        for layer in layers:
            if any(row[at] > 0 for at in counts.get((network, layer), ())):
                return layer
        backwards = reversed(layers)
        at_fault = (one for one in backwards if not np.isfinite(row[gradients.get((network, one), [])]).all())
        return next(at_fault, "")


def _offsets(layout: Layout, quantities: frozenset[str]) -> Mapping[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for entry in layout.entries:
        if entry.quantity in quantities and entry.size == 1:
            found.setdefault((entry.network, entry.layer), []).append(entry.offset)
    return found
