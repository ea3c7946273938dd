"""A recording made up by hand: streams as dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

Key = tuple[str, str, str, str, str]


@dataclass
class Made:
    """Reads like a Recording."""

    layers: tuple[str, ...] = ("hidden 1", "hidden 2", "output")
    names: tuple[str, ...] = ("without BN", "with BN")
    frames: dict[str, list[int]] = field(default_factory=dict)
    entries: dict[Key, np.ndarray] = field(default_factory=dict)
    levels: tuple[float, ...] = ()

    @property
    def header(self):
        layers = [SimpleNamespace(name=layer) for layer in self.layers]
        return SimpleNamespace(networks=[SimpleNamespace(name=name, layers=layers) for name in self.names])

    def put(self, stream, quantity, values, *, network="", layer="", site=""):
        """Record values, one a frame; every frame of a stream is of the steps given in `frames`."""
        array = np.asarray(values, dtype=np.float32)
        assert len(array) == len(self.frames[stream])
        self.entries[stream, quantity, network, layer, site] = array

    def steps(self, stream):
        return np.array(self.frames[stream], dtype=np.int64)

    def values(self, stream, quantity, *, network="", layer="", site=""):
        return self.entries[stream, quantity, network, layer, site]

    def coordinates(self, stream, quantity, *, network="", layer="", site=""):
        assert (stream, quantity, network, layer, site) in self.entries
        return self.levels
