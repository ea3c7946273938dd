"""A recording that plays in a notebook by itself: no server is asked, and a saved notebook still has it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import Recording, open_recording

MOST_FRAMES, MOST_LAYERS, BINS = 120, 12, 60
"""Of longer runs and deeper networks some are shown, evenly chosen, the first and the last among them."""
_SITES = ("pre_activation", "output")
_BEYOND = 5
"""Percent of the frames that may reach beyond a row's axis, at either end."""


class Replay:
    """What a recording holds, as something that plays: each layer's distribution over the steps.

    Args:
        path: of the recording.
        height: in pixels.
    """

    def __init__(self, path: str | Path, height: int = 640) -> None:
        self._path, self._height = path, height

    def _repr_html_(self) -> str:
        """Return a frame that holds all that it shows; a sentence where there is nothing to show yet."""
        where = escape(str(self._path))
        try:
            with open_recording(self._path) as recording:
                found = reduced(recording)
        except (OSError, RecordingError):
            found = None
        if found is None:
            return f"<p>There is nothing to show yet of <code>{where}</code>.</p>"
        page = files("shiftscope.integrations").joinpath("replay.html").read_text(encoding="utf-8")
        data = json.dumps(found).replace("<", "\\u003c")
        source = escape(page.replace("/*DATA*/null", data), quote=True)
        return (
            f'<iframe srcdoc="{source}" width="100%" height="{self._height}" style="border:0" sandbox="allow-scripts" '
            f'title="Shiftscope: {where}"></iframe>'
        )

    def __repr__(self) -> str:
        return str(self._path)


class _Row(NamedTuple):
    """A layer of a network: the steps that have its histogram, these, and what they lie between."""

    network: int
    layer: str
    steps: NDArray[np.int64]
    fractions: NDArray[np.float32]
    edges: NDArray[np.float32]


def reduced(recording: Recording) -> Mapping[str, Any] | None:
    """Return what is played; None where the recording has no histograms.

    `heights` are base64 of a byte for each frame, row and bin: the density over its row's largest, on the row's axis;
    0 everywhere where the layer was not measured at the step.
    """
    rows = _rows(recording)
    if not rows:
        return None
    all_steps = np.unique(np.concatenate([row.steps for row in rows]))
    steps = all_steps[_evenly(len(all_steps), MOST_FRAMES)]
    axes = {layer: _axis([row for row in rows if row.layer == layer]) for layer in dict.fromkeys(r.layer for r in rows)}
    heights = np.stack([_heights(row, steps, *axes[row.layer]) for row in rows], axis=1)
    header = recording.header
    return {
        "name": recording.info.name,
        "networks": [] if header is None else [network.name for network in header.networks],
        "layers": [{"name": name, "from": low, "to": high} for name, (low, high) in axes.items()],
        "rows": [{"network": row.network, "layer": list(axes).index(row.layer)} for row in rows],
        "steps": steps.tolist(),
        "bins": BINS,
        "heights": base64.b64encode(heights.tobytes()).decode(),
    }


def _rows(recording: Recording) -> list[_Row]:
    header = recording.header
    names = list(dict.fromkeys(layer.name for one in (header.networks if header else ()) for layer in one.layers))
    shown = {names[place] for place in _evenly(len(names), MOST_LAYERS)}
    found = []
    for number, network in enumerate(header.networks if header else ()):
        for layer in network.layers:
            row = _row(recording, number, network.name, layer.name) if layer.name in shown else None
            if row is not None:
                found.append(row)
    return found


def _row(recording: Recording, number: int, network: str, layer: str) -> _Row | None:
    for site in _SITES:
        where = {"network": network, "layer": layer, "site": site}
        try:
            fractions = recording.values("layers", "histogram", **where)
        except KeyError:
            continue
        steps = recording.steps_of("layers", "histogram", **where)
        edges = recording.values("layers", "histogram_range", **where)
        # Each is a read of its own: frames may have come between while the run goes on.
        frames = min(len(fractions), len(steps), len(edges))
        steps, fractions, edges = steps[:frames], fractions[:frames], edges[:frames]
        known = np.isfinite(edges).all(axis=1) & np.isfinite(fractions).all(axis=1)
        if known.any():
            return _Row(number, layer, steps[known], fractions[known], edges[known])
    return None


def _evenly(count: int, most: int) -> NDArray[np.int64]:
    places: NDArray[np.int64] = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
    return places


def _axis(rows: list[_Row]) -> tuple[float, float]:
    """Return what a layer's axis begins and ends with, the same for all networks."""
    low = min(float(np.percentile(row.edges[:, 0], _BEYOND)) for row in rows)
    high = max(float(np.percentile(row.edges[:, 1], 100 - _BEYOND)) for row in rows)
    return (low, high) if high > low else (low - 1, low + 1)


def _heights(row: _Row, steps: NDArray[np.int64], low: float, high: float) -> NDArray[np.uint8]:
    """Return the heights of a row, shape (frames, bins)."""
    axis = np.linspace(low, high, BINS + 1)
    found = np.zeros((len(steps), BINS))
    places = np.searchsorted(row.steps, steps)
    for frame, (step, place) in enumerate(zip(steps, places, strict=True)):
        if place < len(row.steps) and row.steps[place] == step:
            first, last = map(float, row.edges[place])
            edges = np.linspace(first, last, row.fractions.shape[1] + 1)
            reached = np.concatenate([[0.0], np.cumsum(row.fractions[place], dtype=np.float64)])
            found[frame] = np.diff(np.interp(axis, edges, reached))
    scaled: NDArray[np.uint8] = np.rint(255 * found / max(float(found.max()), 1e-12)).astype(np.uint8)
    return scaled
