import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from shiftscope.testing import networks
from shiftscope.tracing.explorer import Explorer
from shiftscope.tracing.tracer import Tracer


def layers_of(network, inputs):
    def fail(part, error):
        raise error

    tracer = Tracer(network, fail)
    explorer = Explorer(tracer.parts)
    tracer.observe_with(explorer)
    tracer.arm()
    network(inputs).sum().backward()
    tracer.disarm()
    return explorer.result(tracer.journal.confirmed().calls).layers


def summary(network, inputs):
    return [(layer.name, [site.name for site in layer.sites]) for layer in layers_of(network, inputs)]


def test_blocks_give_their_names():
    assert summary(networks.mlp(), torch.randn(4, 6)) == [
        ("hidden 1", ["linear_output", "normalized", "pre_activation", "output"]),
        ("hidden 2", ["linear_output", "normalized", "pre_activation", "output"]),
        ("output", ["output"]),
    ]


def test_normalization_after_the_activation():
    assert summary(networks.mlp(place="after"), torch.randn(4, 6))[0] == (
        "hidden 1",
        ["normalized", "pre_activation", "output"],
    )


def test_convolutions():
    found = layers_of(networks.cnn(), torch.randn(4, 2, 6, 5))
    assert [
        (layer.info.name, layer.info.features, layer.info.activation, layer.info.normalization) for layer in found
    ] == [
        ("hidden 1", 4, "relu", "batch"),
        ("hidden 2", 3, "relu", "batch"),
        ("output", 3, "", ""),
    ]


def test_a_flat_network_is_named_after_its_linear_maps():
    flat = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert [name for name, _ in summary(flat, torch.randn(5, 3))] == ["0", "2"]


class ChannelNorm(nn.LayerNorm):
    """As ConvNeXt has it: a layer normalization that moves the axes first."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def test_a_normalization_that_moves_the_axes_shows_no_stage_that_is_guessed():
    """Also where the image is as wide as there are channels, so that normalizing its last axis would not fail."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), ChannelNorm(8), nn.ReLU(), nn.Flatten(), nn.Linear(512, 2))
    (layer, _) = layers_of(network, torch.randn(4, 3, 8, 8))
    assert layer.info.normalization == "layer"
    assert [site.name for site in layer.sites] == ["linear_output", "pre_activation", "output"]


class OneRelu(nn.Module):
    """A ReLU that is defined once, last, and used twice."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.last(self.relu(self.second(self.relu(self.first(x)))))


def test_a_shared_activation_is_part_of_each_layer():
    assert summary(OneRelu(), torch.randn(5, 3)) == [
        ("first", ["pre_activation", "output"]),
        ("second", ["pre_activation", "output"]),
        ("last", ["output"]),
    ]


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x):
        for _ in range(3):
            x = functional.relu(self.cell(x))
        return self.out(x)


def test_a_layer_used_three_times_is_one():
    cell, out = layers_of(Recurrent(), torch.randn(5, 4))
    assert (cell.name, out.name) == ("cell", "out")


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inside, self.norm1, self.act = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU()
        self.back, self.norm2 = nn.Linear(4, 4), nn.BatchNorm1d(4)
        self.shortcut = nn.Linear(4, 4)

    def forward(self, x):
        inner = self.norm2(self.back(self.act(self.norm1(self.inside(x)))))
        return self.act(inner + self.shortcut(x))


def test_a_residual_block():
    found = {layer.name: layer for layer in layers_of(Residual(), torch.randn(5, 4))}
    assert found["back"].normalization is not None
    assert found["back"].activation is None
    assert found["inside"].activation is not None


class Custom(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm, self.activation = nn.Linear(3, 4), Halve(), Halve()

    def forward(self, x):
        return self.activation(self.norm(self.linear(x)))


class Halve(nn.Module):
    def forward(self, x):
        return x / 2


def test_classes_of_ones_own_are_known_by_name():
    (layer,) = layers_of(Custom(), torch.randn(5, 3))
    assert (layer.info.normalization, layer.info.activation) == ("halve", "halve")


class SiLUActivation(nn.Module):
    """As transformers names its classes."""

    def forward(self, x):
        return nn.functional.silu(x)


def test_names_of_classes_are_those_that_an_author_says():
    network = nn.Sequential(
        parametrizations.weight_norm(nn.Linear(3, 8)), SiLUActivation(), parametrizations.spectral_norm(nn.Linear(8, 2))
    )
    first, second = layers_of(network, torch.randn(5, 3))
    assert [(layer.name, layer.info.label) for layer in (first, second)] == [("0", "Linear 3→8"), ("2", "Linear 8→2")]
    assert first.info.activation == "silu"


def test_a_network_that_is_one_layer():
    assert summary(nn.Linear(3, 2), torch.randn(5, 3)) == [("Linear", ["output"])]
