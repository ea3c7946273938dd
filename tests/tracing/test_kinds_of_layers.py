"""Which layers networks of all kinds are made of: what their authors would list, no more and no less."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

import shiftscope
from tests.probes import brute
from tests.tracing.test_layers import layers_of


def names(network, *inputs):
    return [layer.name for layer in layers_of(network, *inputs) if not layer.are_weights]


class Conv1D(nn.Module):
    """GPT-2's linear map, whose weight is the other way round."""

    def __init__(self, outputs, inputs):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(inputs, outputs)), nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(*x.shape[:-1], -1)


class RootMeanSquareNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * x * x.square().mean(-1, keepdim=True).add(1e-6).rsqrt()


class OwnAct(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class RowShare(nn.Module):
    """No activation: each value depends on its row."""

    def forward(self, x):
        return x / x.abs().sum(-1, keepdim=True)


class Block(nn.Module):
    """What a language model is made of, by classes of one's own."""

    def __init__(self, mixes):
        super().__init__()
        self.wte = nn.Embedding(30, 8)
        self.ln_1 = RootMeanSquareNorm(8)
        self.c_fc, self.mixes, self.c_proj = Conv1D(16, 8), mixes, Conv1D(8, 16)
        self.ln_2 = nn.LayerNorm(8)

    def forward(self, ids):
        x = self.wte(ids)
        x = x + self.c_proj(self.mixes(self.c_fc(self.ln_1(x * 2))))
        return self.ln_2(x)


IDS = torch.arange(28).view(4, 7)


def test_a_language_model_of_classes_of_ones_own():
    found = {layer.name: layer for layer in layers_of(Block(OwnAct()), IDS)}
    assert list(found) == ["wte", "ln_1", "c_fc", "c_proj", "sum", "ln_2"]
    assert [layer.features for layer in found.values()] == [8, 8, 16, 8, 8, 8]
    assert [layer.info.label for layer in found.values()][:3] == ["Embedding 30→8", "RootMeanSquareNorm 8", "Conv1D 16"]
    assert found["c_fc"].info.activation == "ownact"
    assert found["ln_1"].info.normalization == "rootmeansquarenorm"
    assert found["ln_2"].info.normalization == "layer"
    assert [layer.name for layer in found.values() if layer.info.activation] == ["c_fc"]


def test_what_mixes_a_row_is_no_activation():
    assert not any(layer.info.activation for layer in layers_of(Block(RowShare()), IDS))


def test_dropout_of_ones_own_is_no_activation():
    class Noise(nn.Module):
        def forward(self, x):
            return x * (torch.rand_like(x) > 0.5)

    assert not any(layer.info.activation for layer in layers_of(Block(Noise()), IDS))


@pytest.mark.parametrize(("kind", "features"), [(nn.LSTM, 12), (nn.GRU, 12), (nn.RNN, 12)])
def test_recurrent_layers_packed_or_not(kind, features):
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = kind(5, 6, bidirectional=True), nn.Linear(12, 2)

        def forward(self, given):
            out, _ = self.rnn(given)
            return self.head(getattr(out, "data", out))

    values = torch.randn(9, 3, 5)
    for given in (values, pack_padded_sequence(values, [9, 7, 2])):
        (rnn, head) = layers_of(Tagger(), given)
        assert (rnn.name, rnn.features, head.name) == ("rnn", features, "head")
        assert [site.name for site in rnn.sites] == ["output"]


def test_a_transformer_encoder():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    own = [".self_attn", " · sum", ".norm1", ".linear1", ".linear2", " · sum 2", ".norm2"]
    assert names(encoder, torch.randn(2, 3, 8)) == [f"layers.{n}{one}" for n in range(2) for one in own]


class Residual(nn.Module):
    """The normalization of a sum is nobody's but its own, and an activation is the sum's that it is called with."""

    def __init__(self, *, inplace=False):
        super().__init__()
        self.inplace = inplace
        self.attn, self.norm, self.fc, self.relu = nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 8), nn.ReLU()

    def forward(self, x):
        y = self.attn(x)
        y = y.add_(x) if self.inplace else y + x
        return self.relu(self.fc(self.norm(y)) * 2 + self.fc(y * 2))


@pytest.mark.parametrize("inplace", [False, True])
def test_a_name_holds_what_it_promises(inplace, tmp_path):
    torch.manual_seed(0)
    network, x = Residual(inplace=inplace), torch.randn(6, 8)
    network.attn.weight.data.mul_(0.03)
    with torch.no_grad():
        attn = network.attn(x)
        added = attn + x
        both = torch.stack([network.fc(network.norm(added)), network.fc(added * 2)])
        expected = {"attn": attn, "sum": added, "norm": network.norm(added), "fc": both}
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    path = tmp_path / "run.shiftscope"
    with shiftscope.watch(network, to=path, optimizer=optimizer):
        network(x.clone()).sum().backward()
        optimizer.step()
    with shiftscope.open_recording(path) as recording:
        assert [layer.name for layer in recording.header.networks[0].layers] == list(expected)
        assert not any(layer.activation for layer in recording.header.networks[0].layers)
        for layer, values in expected.items():
            _, variance, *_ = brute.moments(values.double().numpy())
            found = recording.values("layers", "variance", network="Residual", layer=layer, site="output")
            assert found.tolist() == pytest.approx([variance], rel=1e-4)


def test_a_container_gives_its_name_to_a_layer_only_where_it_is_one():
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.proj = nn.Linear(4, 4)

        def forward(self, x):
            return x + self.proj(x)

    network = nn.Sequential(Wrapped(), nn.Sequential(nn.Linear(4, 3), nn.ReLU()))
    assert names(network, torch.randn(2, 4)) == ["0.proj", "0 · sum", "1"]


def test_parts_of_attention_that_are_never_called_are_not_listed():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2)
            self.tokens = nn.ParameterList([nn.Parameter(torch.zeros(1, 1, 8))])

        def forward(self, x):
            return functional.relu(self.attention(x + self.tokens[0], x, x)[0])

    assert names(Net(), torch.randn(3, 2, 8)) == ["attention"]


class MessagePassing(nn.Module):
    """Stands for the class of PyG's."""


MessagePassing.__module__ = "torch_geometric.nn.conv.message_passing"


class Graph(MessagePassing):
    """A convolution as PyG's are: a linear map, messages, a bias; and a network that it may be given."""

    def __init__(self, given=None):
        super().__init__()
        self.lin, self.bias = nn.Linear(4, 3, bias=False), nn.Parameter(torch.zeros(3))
        self.nn = given

    def forward(self, x):
        x = self.lin(x).roll(1, 0) + self.bias
        return x if self.nn is None else self.nn(x)


def test_a_convolution_of_graphs_is_a_layer_as_a_whole():
    inside = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4))
    network = nn.Sequential(Graph(inside), Graph(), nn.ReLU())
    found = layers_of(network, torch.randn(6, 4))
    assert [(layer.name, layer.features) for layer in found] == [("0.nn.0", 5), ("0.nn.2", 4), ("0", 4), ("1", 3)]
    assert [layer.info.activation for layer in found] == ["relu", "", "", "relu"]
