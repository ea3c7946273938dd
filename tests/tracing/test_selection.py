"""Layers by name: patterns to include and to exclude."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

import shiftscope


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.fc, self.act, self.proj = nn.LayerNorm(4), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4)

    def forward(self, x):
        return x + self.proj(self.act(self.fc(self.norm(x))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.h, self.head = nn.ModuleList([Block(), Block()]), nn.Linear(4, 3)

    def forward(self, x):
        x = self.stem(x)
        for block in self.h:
            x = block(x * 2)
        return self.head(x)


ALL = [
    "stem", "h.0.norm", "h.0.fc", "h.0.proj", "h.0 · sum", "h.1.norm", "h.1.fc", "h.1.proj", "h.1 · sum", "head",
]  # fmt: skip
CHOICES = [
    (None, ALL),
    ("**", ALL),
    ("!**.norm", [name for name in ALL if not name.endswith("norm")]),
    (["!h.0"], [name for name in ALL if not name.startswith("h.0")]),
    (["h.**", "!h.1"], ["h.0.norm", "h.0.fc", "h.0.proj", "h.0 · sum"]),
    ("!**.sum", [name for name in ALL if "sum" not in name]),
    ("stem", ["stem"]),
    ("h.*", ["h.0", "h.1"]),
    (["h.*", "head"], ["h.0", "h.1", "head"]),
    (re.compile(r"h\.\d\.(fc|proj)"), ["h.0.fc", "h.0.proj", "h.1.fc", "h.1.proj"]),
    ("h.?.act", ["h.0.act", "h.1.act"]),
]


@pytest.mark.parametrize(("layers", "expected"), CHOICES, ids=[str(layers) for layers, _ in CHOICES])
def test_the_layers_that_are_asked_for(layers, expected, tmp_path):
    torch.manual_seed(0)
    network, x = Net(), torch.randn(5, 4)
    with torch.no_grad():
        block = network.h[0](network.stem(x) * 2)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    path = tmp_path / "run.shiftscope"
    with shiftscope.watch(network, to=path, optimizer=optimizer, layers=layers, probe_batch=x, on_error="raise"):
        network(x).sum().backward()
        optimizer.step()
    with shiftscope.open_recording(path) as recording:
        found = recording.header.networks[0].layers
        assert [layer.name for layer in found] == expected
        assert {layer.name for layer in found if layer.activation} <= {"stem", "h.0.fc", "h.1.fc"}
        if "h.0" in expected:
            mean = recording.values("layers", "mean", network="Net", layer="h.0", site="output")
            assert mean[0] == pytest.approx(float(block.mean()), rel=1e-4)


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [("encoder.*", "no module has a name as 'encoder.*'; the outermost are stem, h, head"), (3, "layers are patterns")],
)
def test_what_is_no_pattern_of_this_network_is_refused(layers, sentence):
    with pytest.raises(shiftscope.WatchError, match=re.escape(sentence)):
        shiftscope.watch(Net(), layers=layers)
