"""A run's loss in a few points: what the list of runs draws beside each name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field

from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.wire.frames import Entry, Frame, RunHeader

POINTS = 48
"""How many steps a curve has at most: about one for every other pixel of what is drawn."""


class Curve(BaseModel):
    """One network's loss at the curve's steps."""

    network: str
    normalized: bool = Field(description="whether any of its layers is normalized, which decides its colour")
    loss: list[float | None] = Field(description="null where the loss was not finite")
    test_accuracy: float | None = Field(None, description="as it was last evaluated, if it was")


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
    losses, networks = _losses(header)
    with open_recording(path) as recording:
        last = recording.last_seq
        if header is None or not losses or last == 0:
            return LossCurves(seq=last, steps=[], networks=[])
        # Streams take turns: among as many frames as there are streams is one of each that is written at each step.
        window = len({layout.stream for layout in header.layouts})
        found: dict[int, Frame] = {}
        for seq in sorted({round(at) for at in np.linspace(1, last, points)}):
            found |= {frame.step: frame for frame in _of(losses, _read(recording, seq - 1, seq - 1 + window))[:1]}
        found |= {frame.step: frame for frame in _of(losses, _read(recording, max(0, last - window), last))[-1:]}
        accuracies = {network: _accuracy(recording, network) for network in networks}
    steps = sorted(found)
    normalized = {one.name for one in header.networks if any(layer.normalization for layer in one.layers)}
    return LossCurves(
        seq=last,
        steps=steps,
        networks=[
            Curve(
                network=network,
                normalized=network in normalized,
                loss=[_value(found[step], losses, network) for step in steps],
                test_accuracy=accuracies[network],
            )
            for network in networks
        ],
    )


def _losses(header: RunHeader | None) -> tuple[Mapping[int, Mapping[str, Entry]], list[str]]:
    """Find the first stream with a loss of whole networks, and where it stands in its layouts; and the networks."""
    found: dict[int, dict[str, Entry]] = {}
    stream = None
    for layout in header.layouts if header else ():
        entries = [one for one in layout.entries if one.quantity == "loss" and one.layer == "" and one.size == 1]
        if entries and stream in (None, layout.stream):
            stream = layout.stream
            found[layout.number] = {one.network: one for one in entries}
    return found, list(dict.fromkeys(network for entries in found.values() for network in entries))


def _accuracy(recording: Recording, network: str) -> float | None:
    """Return the accuracy on the test set as it was last evaluated, in the few frames that hold any."""
    try:
        values = recording.values("evaluation", "test_accuracy", network=network)
    except (KeyError, RecordingError):
        return None
    return float(values[-1]) if len(values) and math.isfinite(values[-1]) else None


def _read(recording: Recording, after: int, upto: int) -> list[Frame]:
    """Return frames, none where the recording is damaged: the curve shows what is whole."""
    try:
        return recording.read(after, upto)
    except RecordingError:
        return []


def _of(losses: Mapping[int, object], frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.stream in losses]


def _value(frame: Frame, losses: Mapping[int, Mapping[str, Entry]], network: str) -> float | None:
    entry = losses[frame.stream].get(network)
    value = math.nan if entry is None else float(frame.row[entry.offset])
    return value if math.isfinite(value) else None
