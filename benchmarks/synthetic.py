"""Frames of a run that never was: the layouts of a real one, filled with drifting Gaussians, as fast as one asks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.wire.frames import Layout, LayoutBuilder, encode

NETWORKS = ("without BN", "with BN")
BINS = 64
LEVELS = (0.0, 1.0, 6.68, 15.0, 30.85, 50.0, 69.15, 85.0, 93.32, 99.0, 100.0)
CHANNELS = 64
STEPS, LAYERS, CHANNEL_STREAM, DRIFT = 0, 1, 8, 3


class SyntheticRun:
    """Makes the frames of `depth` layers in two networks; the plain one drifts, more with depth."""

    def __init__(self, depth: int, total_steps: int, seed: int = 0) -> None:
        self.layers = [f"hidden {i + 1}" for i in range(depth - 1)] + ["output"]
        self.total_steps = total_steps
        self._random = np.random.default_rng(seed)
        self._places: dict[tuple[int, str], list[slice]] = {}
        self.layouts = (self._steps(), self._inside(), self._drift(), self._channels())
        self._edges = np.linspace(-4, 4, BINS + 1)

    def header(self) -> dict[str, Any]:
        """Return the header that a producer would send."""
        networks = [
            {
                "name": name,
                "layers": [
                    {"name": layer, "features": CHANNELS, "activation": "relu", "normalization": norm}
                    for layer in self.layers
                ],
            }
            for name, norm in zip(NETWORKS, ("", "batch"), strict=True)
        ]
        layouts = [layout.model_dump(mode="json") for layout in self.layouts]
        return {"networks": networks, "layouts": layouts, "total_steps": self.total_steps}

    def _add(self, builder: LayoutBuilder, stream: int, quantity: str, **where: Any) -> None:  # noqa: ANN401  passed on
        self._places.setdefault((stream, quantity), []).append(builder.add(quantity, unit="1", **where))

    def _steps(self) -> Layout:
        builder = LayoutBuilder(STEPS, "steps")
        for quantity in ("loss", "accuracy", "nonfinite_count"):
            for network in NETWORKS:
                self._add(builder, STEPS, quantity, network=network)
        return builder.build()

    def _inside(self) -> Layout:
        builder = LayoutBuilder(LAYERS, "layers")
        for site in ("pre_activation", "output"):
            for network in NETWORKS:
                for layer in self.layers:
                    where = {"network": network, "layer": layer, "site": site}
                    for quantity in ("mean", "variance", "std", "minimum", "maximum", "nan_count", "infinite_count"):
                        self._add(builder, LAYERS, quantity, **where)
                    self._add(builder, LAYERS, "histogram", shape=(BINS,), **where)
                    self._add(builder, LAYERS, "histogram_range", shape=(2,), **where)
                    self._add(builder, LAYERS, "histogram_outside", shape=(2,), **where)
                    self._add(builder, LAYERS, "quantiles", shape=(len(LEVELS),), coordinates=LEVELS, **where)
        for network in NETWORKS:
            for layer in self.layers:
                self._add(builder, LAYERS, "gradient_norm", network=network, layer=layer)
        return builder.build()

    def _drift(self) -> Layout:
        builder = LayoutBuilder(DRIFT, "drift")
        for network in NETWORKS:
            for layer in self.layers:
                self._add(builder, DRIFT, "wasserstein_over_sigma_from_start", network=network, layer=layer,
                          site="pre_activation")  # fmt: skip
        return builder.build()

    def _channels(self) -> Layout:
        builder = LayoutBuilder(CHANNEL_STREAM, "channels")
        for layer in self.layers:
            for quantity in ("gamma", "beta", "batch_mean", "batch_variance", "running_mean", "running_variance"):
                self._add(builder, CHANNEL_STREAM, quantity, network=NETWORKS[1], layer=layer, shape=(CHANNELS,))
        return builder.build()

    def message(self, step: int, seq: int, time: float) -> tuple[bytes, int]:
        """Return the frames of one step side by side, and the number of the last. One per stream."""
        rows = (self._steps_row(step), self._inside_row(step), self._drift_row(step), self._channels_row(step))
        frames = b"".join(
            encode(layout.stream, seq + i, step, time, row)
            for i, (layout, row) in enumerate(zip(self.layouts, rows, strict=True))
        )
        return frames, seq + len(rows) - 1

    def _shift(self, step: int) -> NDArray[np.float64]:
        """Return mean and sigma of each layer of both networks, shape (networks * layers, 2)."""
        depth = np.arange(1, len(self.layers) + 1)
        way = 1 - np.exp(-step / 400)
        noise = 0.02 * self._random.standard_normal((2 * len(depth), 2))
        mean = np.concatenate([0.25 * depth * way, 0.03 * depth * way])
        sigma = np.concatenate([1 + 0.12 * depth * way, 1 + 0.02 * depth * way])
        return np.stack([mean, sigma], axis=1) + noise

    def _inside_row(self, step: int) -> NDArray[np.float32]:
        row = np.zeros(self.layouts[1].size, np.float32)
        shift = np.tile(self._shift(step), (2, 1))
        for i, (mean, sigma) in enumerate(shift):
            centers = (self._edges[:-1] + self._edges[1:]) / 2
            density = np.exp(-0.5 * centers**2) * (1 + 0.05 * self._random.standard_normal(BINS))
            row[self._places[LAYERS, "histogram"][i]] = density / density.sum()
            row[self._places[LAYERS, "histogram_range"][i]] = (mean - 4 * sigma, mean + 4 * sigma)
            row[self._places[LAYERS, "quantiles"][i]] = mean + sigma * np.linspace(-3, 3, len(LEVELS))
            for quantity, value in (("mean", mean), ("std", sigma), ("variance", sigma**2)):
                row[self._places[LAYERS, quantity][i]] = value
        norms = np.exp(self._random.standard_normal(len(shift) // 2) * 0.2 - np.arange(len(shift) // 2) * 0.3)
        for place, norm in zip(self._places[LAYERS, "gradient_norm"], norms, strict=True):
            row[place] = norm
        return row

    def _steps_row(self, step: int) -> NDArray[np.float32]:
        row = np.zeros(self.layouts[0].size, np.float32)
        row[0:2] = 2.3 * np.exp(-step / np.array([500, 200])) + 0.02 + 0.01 * self._random.random(2)
        row[2:4] = 1 - np.exp(-step / np.array([400, 150]))
        return row

    def _drift_row(self, step: int) -> NDArray[np.float32]:
        shift = self._shift(step)
        drift: NDArray[np.float32] = np.hypot(shift[:, 0], shift[:, 1] - 1).astype(np.float32)
        return drift

    def _channels_row(self, step: int) -> NDArray[np.float32]:
        size = self.layouts[3].size
        values = np.linspace(0.5, 1.5, size) * (1 + step / 5000) + 0.005 * self._random.standard_normal(size)
        row: NDArray[np.float32] = values.astype(np.float32)
        return row
