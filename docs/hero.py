"""Makes frontend/hero.json, the recording that replays on the first page, of the default run.

python docs/hero.py [RECORDING]     trains the default run where none is given, some minutes; writes the file anew

What is kept: of each hidden layer, in both networks, the histogram of its inputs to the nonlinearity at every fifth of
the first 600 steps (the recorded one that is nearest), as the page's own chart of depth draws it. The axis counts from
the layer's mean at step 0 in its sigma there; heights grow with the 0.4th power of the density over the peak at step 0.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shiftscope import open_recording
from shiftscope.recording.reader import Recording

TARGET = Path(__file__).parents[1] / "frontend" / "hero.json"
STEPS, EVERY = 600, 5
REACH, BINS = 10.0, 60
"""Sigmas shown to both sides of the mean at step 0, and into how many bins they are divided."""
TALLEST, GROWTH = 1.6, 0.4
SITE = "pre_activation"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path, nargs="?", help="of the default run, from `shiftscope train`")
    given: Path | None = parser.parse_args().recording
    with tempfile.TemporaryDirectory() as folder:
        path = given or train(Path(folder) / "hero.shiftscope")
        with open_recording(path) as recording:
            hero = reduced(recording)
    TARGET.write_text(json.dumps(hero, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def train(path: Path) -> Path:
    """Train the default run into a recording."""
    subprocess.run([sys.executable, "-m", "shiftscope.cli", "train", "--to", str(path)], check=True)
    return path


def reduced(recording: Recording) -> dict[str, list[object] | str | float]:
    """Return what the page replays: heights as bytes, by frame, network, layer and bin."""
    header = recording.header
    assert header is not None
    networks = [network.name for network in header.networks]
    layers = [layer.name for layer in header.networks[0].layers][:-1]
    recorded = recording.steps("layers")
    steps = np.arange(0, STEPS + 1, EVERY)
    frames = np.abs(recorded[None, :] - steps[:, None]).argmin(axis=1)
    heights = np.stack(
        [np.stack([heights_of(recording, network, layer)[frames] for layer in layers], axis=1) for network in networks],
        axis=1,
    )
    coded = np.rint(heights / TALLEST * 255).astype(np.uint8)
    return {
        "networks": list(networks),
        "layers": list(layers),
        "steps": [int(step) for step in recorded[frames]],
        "reach": REACH,
        "bins": BINS,
        "tallest": TALLEST,
        "heights": base64.b64encode(coded.tobytes()).decode(),
    }


def heights_of(recording: Recording, network: str, layer: str) -> NDArray[np.float64]:
    """Return the heights at which a layer is drawn, shape (frames, BINS)."""
    shares, edges, mean, std = (
        recording.values("layers", name, network=network, layer=layer, site=SITE).astype(np.float64)
        for name in ("histogram", "histogram_range", "mean", "std")
    )
    at = np.linspace(-REACH, REACH, BINS + 1)
    density = np.stack(
        [rebinned(share, (edge - mean[0]) / std[0], at) for share, edge in zip(shares, edges, strict=True)]
    )
    peak = density.max(axis=1)
    tall = np.minimum((peak / peak[0]) ** GROWTH, TALLEST)
    drawn: NDArray[np.float64] = density * (tall / np.maximum(peak, 1e-12))[:, None]
    return drawn


def rebinned(share: NDArray[np.float64], edges: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density in bins with the edges `at` of a histogram with equal bins between two edges."""
    cumulative = np.concatenate(([0.0], np.cumsum(share)))
    own = np.linspace(edges[0], edges[1], len(share) + 1)
    return np.diff(np.interp(at, own, cumulative)) / np.diff(at)


if __name__ == "__main__":
    main()
