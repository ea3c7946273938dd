"""A run's loss in a few points: what the list of runs draws beside each name."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field

from shiftscope.recording.reader import open_recording
from shiftscope.wire.frames import Entry, Frame, Layout, RunHeader

POINTS = 48
"""How many steps a curve has at most: about one for every other pixel of what is drawn."""


class Curve(BaseModel):
    """One network's loss at the curve's steps."""

    network: str
    normalized: bool = Field(description="whether any of its layers is normalized, which decides its colour")
    loss: list[float | None] = Field(description="null where the loss was not finite")


class LossCurves(BaseModel):
    """The loss of each network of a run, thinned out evenly over what is recorded."""

    seq: int = Field(description="seq of the newest frame looked at")
    steps: list[int]
    networks: list[Curve]


def loss_curves(path: Path, header: RunHeader | None, points: int = POINTS) -> LossCurves:
    """Read a run's losses at a bounded number of its recorded steps; both ends are among them.

    However long the recording is, it takes as many short reads as there are points.

    Raises:
        FileNotFoundError: the recording was removed.
        RecordingError: it cannot be read.
    """
    layout, entries = _losses(header)
    with open_recording(path) as recording:
        last = recording.last_seq
        if header is None or layout is None or last == 0:
            return LossCurves(seq=last, steps=[], networks=[])
        # Streams take turns: among as many frames as there are streams is one of each that is written at each step.
        window = len(header.layouts)
        found: dict[int, Frame] = {}
        for seq in sorted({round(at) for at in np.linspace(1, last, points)}):
            found |= {frame.step: frame for frame in _of(layout, recording.read(seq - 1, seq - 1 + window))[:1]}
        found |= {frame.step: frame for frame in _of(layout, recording.read(max(0, last - window), last))[-1:]}
    steps = sorted(found)
    normalized = {one.name for one in header.networks if any(layer.normalization for layer in one.layers)}
    return LossCurves(
        seq=last,
        steps=steps,
        networks=[
            Curve(
                network=one.network,
                normalized=one.network in normalized,
                loss=[_value(found[step], one) for step in steps],
            )
            for one in entries
        ],
    )


def _losses(header: RunHeader | None) -> tuple[Layout | None, list[Entry]]:
    """Find the first stream with a loss of whole networks, and where it stands there."""
    for layout in header.layouts if header else ():
        entries = [one for one in layout.entries if one.quantity == "loss" and one.layer == "" and one.size == 1]
        if entries:
            return layout, entries
    return None, []


def _of(layout: Layout, frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.stream == layout.number]


def _value(frame: Frame, entry: Entry) -> float | None:
    value = float(frame.row[entry.offset])
    return value if math.isfinite(value) else None
