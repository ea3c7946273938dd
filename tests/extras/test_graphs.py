"""Graph networks of PyG: a convolution is a layer as a whole, with its own output."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.tracing.test_layers import layers_of

graphs = pytest.importorskip("torch_geometric.nn")

pytestmark = pytest.mark.extras
EDGES = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0]])


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = graphs.GCNConv(5, 7), graphs.SAGEConv(7, 6)
        self.third = graphs.GATConv(6, 4, heads=2)
        self.fourth = graphs.GINConv(nn.Sequential(nn.Linear(8, 9), nn.ReLU(), nn.Linear(9, 3)))
        self.head = graphs.Linear(3, 2)

    def forward(self, x):
        x = torch.relu(self.first(x, EDGES))
        x = self.second(x, EDGES).relu()
        return self.head(self.fourth(nn.functional.elu(self.third(x, EDGES)), EDGES))


def test_convolutions_are_layers():
    found = [(layer.name, layer.info.label, layer.info.activation) for layer in layers_of(Network(), torch.randn(6, 5))]
    assert found == [
        ("first", "GCNConv 5→7", "relu"),
        ("second", "SAGEConv 7→6", "relu"),
        ("third", "GATConv 6→8", "elu"),
        ("fourth.nn.0", "Linear 8→9", "relu"),
        ("fourth.nn.2", "Linear 9→3", ""),
        ("fourth", "GINConv 3", ""),
        ("head", "Linear 3→2", ""),
    ]
