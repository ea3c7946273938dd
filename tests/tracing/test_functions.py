"""Functions of torch's in a pass: an activation is one, whether it is a module or a function."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils.checkpoint import checkpoint

import shiftscope
from tests.probes import brute
from tests.tracing.test_layers import layers_of


class Net(nn.Module):
    """Two linear maps, and what stands between them."""

    def __init__(self, between, **options):
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 3)
        self.between, self.options = between, options

    def forward(self, x):
        return self.second(self.between(self.first(x), **self.options))


def train(network, path, x, *, steps=3, **options):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    kept = []
    scope = shiftscope.watch(network, to=path, optimizer=optimizer, on_error="raise", **options) if path else None
    for _ in range(steps):
        optimizer.zero_grad()
        network(x).square().sum().backward()
        optimizer.step()
        kept += [parameter.detach().clone() for parameter in network.parameters()]
    if scope:
        scope.close()
    assert not _get_current_function_mode_stack()
    return kept


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


def same_as_bare(make, path, x, **options):
    """Check that a watched training ends as the bare one; return the recording's first layer."""
    torch.manual_seed(0)
    bare = train(make(), None, x)
    torch.manual_seed(0)
    watched = train(make(), path, x, **options)
    assert all(torch.equal(one, other) for one, other in zip(bare, watched, strict=True))
    with shiftscope.open_recording(path) as recording:
        return recording.header.networks[0].layers[0]


BETWEEN = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "sigmoid": torch.sigmoid,
    "tanh": lambda x: x.tanh(),
    "leakyrelu": functional.leaky_relu,
    "hardswish": functional.hardswish,
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_function_is_an_activation(name, tmp_path):
    x = torch.randn(16, 8)
    torch.manual_seed(0)
    network = Net(BETWEEN[name])
    with torch.no_grad():
        before = network.first(x)
        expected = {"pre_activation": before, "output": BETWEEN[name](before)}
    path = tmp_path / "run.shiftscope"
    assert same_as_bare(lambda: Net(BETWEEN[name]), path, x, probe_batch=x).activation == name
    with shiftscope.open_recording(path) as recording:
        for site, values in expected.items():
            mean, *_ = brute.moments(values.double().numpy())
            found = recording.values("layers", "mean", network="Net", layer="first", site=site)
            assert found[0] == pytest.approx(mean, rel=1e-4, abs=1e-6)
            assert len(found) == 3
        if name == "relu":
            dead = recording.values("drift", "dead_fraction", network="Net", layer="first", site="output")
            assert dead[0] == (expected["output"] == 0).all(0).double().mean()


def test_written_over_dropped_and_by_a_module(tmp_path):
    x = torch.randn(4, 8)
    for number, (between, options) in enumerate(
        [
            (functional.relu, {"inplace": True}),
            (torch.relu_, {}),
            (lambda given: functional.relu(functional.dropout(given, 0.5)), {}),
            (lambda given: checkpoint(torch.relu, given, use_reentrant=False), {}),
            (nn.Sequential(nn.Dropout(0.1), nn.ReLU()), {}),
        ]
    ):
        path = tmp_path / f"{number}.shiftscope"
        assert same_as_bare(lambda f=between, o=options: Net(f, **o), path, x).activation == "relu"


def test_the_activation_of_something_else_is_nobodys(tmp_path):
    x = torch.randn(4, 8)
    for number, between in enumerate([lambda y: functional.relu(y + 1), lambda y: functional.gelu(y[:, :8] * 2)]):
        assert same_as_bare(lambda f=between: Net(f), tmp_path / f"{number}.shiftscope", x).activation == ""


class Parameters(nn.Module):
    """Layers of parameters and functions alone."""

    def __init__(self):
        super().__init__()
        self.w1, self.b1 = nn.Parameter(0.1 * torch.randn(6, 8)), nn.Parameter(torch.zeros(6))
        self.w2, self.scale = nn.Parameter(0.1 * torch.randn(3, 6)), nn.Parameter(torch.ones(1, 3))

    def forward(self, x):
        return functional.relu(functional.linear(x, self.w1, self.b1)) @ self.w2.t() * self.scale


def test_parameters_that_functions_multiply_with_are_layers(tmp_path):
    x = torch.randn(5, 8)
    same_as_bare(Parameters, tmp_path / "run.shiftscope", x)
    first, second = layers_of(Parameters(), x)
    assert (first.name, first.features, first.info.activation) == ("w1", 6, "relu")
    assert (second.name, second.features, second.info.activation) == ("w2", 3, "")
    assert [layer.info.label for layer in (first, second)] == ["Parameter 8→6", "Parameter 6→3"]


class Experts(nn.Module):
    """Experts whose matrices are stacked in one parameter, as transformers has them: each takes some of the rows."""

    def __init__(self, way):
        super().__init__()
        self.up, self.down = nn.Parameter(0.1 * torch.randn(3, 4, 8)), nn.Parameter(0.1 * torch.randn(3, 12, 4))
        self.way = way

    def forward(self, x):
        expert = torch.arange(len(x)) % 3
        return self.way(self.way(x, self.up, expert), self.down, expert).square()


def one_by_one(x, up, expert):
    found = x.new_zeros(len(x), up.shape[1])
    for number in range(3):
        rows = torch.where(expert == number)[0]
        found.index_add_(0, rows, functional.linear(x[rows], up[number]))
    return found


EXPERTS = {
    "one by one": one_by_one,
    "selected": lambda x, up, expert: functional.linear(x, up.select(0, 1)),
    "together": lambda x, up, expert: torch.bmm(x[:, None], up[expert].mT)[:, 0],
    "grouped": lambda x, up, expert: functional.grouped_mm(
        x, up.transpose(-2, -1), offs=torch.tensor([2, 3, 5], dtype=torch.int32)
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", EXPERTS)
def test_experts_in_one_parameter_are_a_layer(way, tmp_path):
    if way == "grouped" and not hasattr(functional, "grouped_mm"):
        pytest.skip("this version of torch has no grouped product")
    x = torch.randn(5, 8)
    same_as_bare(lambda: Experts(EXPERTS[way]), tmp_path / "run.shiftscope", x)
    found = [(layer.name, layer.info.label) for layer in layers_of(Experts(EXPERTS[way]), x)]
    assert found == [("up", "Parameter 8→4"), ("down", "Parameter 4→12")]


class Kernels(nn.Module):
    """Convolutions by functions, with parameters of one's own."""

    def __init__(self, dimensions):
        super().__init__()
        self.convolve = (functional.conv1d, functional.conv2d)[dimensions - 1]
        self.first, self.second = (nn.Parameter(torch.randn(*two, *[3] * dimensions)) for two in ((5, 2), (4, 5)))

    def forward(self, x):
        return self.convolve(functional.relu(self.convolve(x, self.first)), self.second)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_a_parameter_that_is_convolved_with_has_channels(dimensions):
    first, second = layers_of(Kernels(dimensions), torch.randn(3, 2, *[10] * dimensions))
    assert [(layer.name, layer.features, layer.unit_axis) for layer in (first, second)] == [
        ("first", 5, 1), ("second", 4, 1)
    ]  # fmt: skip


class NormAct(nn.BatchNorm1d):
    """As timm has it: a normalization that calls an activation of its own."""

    def __init__(self, width):
        super().__init__(width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.act(super().forward(x))


def test_a_normalization_with_an_activation_shows_both(tmp_path):
    x = torch.randn(5, 8)
    layer = same_as_bare(lambda: Net(NormAct(8)), tmp_path / "run.shiftscope", x)
    assert (layer.normalization, layer.activation) == ("batch", "relu")
    found, _ = layers_of(Net(NormAct(8)), x)
    assert [site.name for site in found.sites] == ["linear_output", "normalized", "pre_activation", "output"]


def test_attention_that_is_frozen_takes_its_fast_way(tmp_path):
    """torch's own modules look for observers of functions, and would take another way, with other bits."""

    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).requires_grad_(requires_grad=False)
            self.head = nn.Linear(8, 3)
            self.encoder.eval()

        def forward(self, x):
            return functional.relu(self.head(self.encoder(x[:, None])))

    same_as_bare(Frozen, tmp_path / "run.shiftscope", torch.randn(5, 8))


class Counting(TorchFunctionMode):
    """Somebody else's."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


def test_a_pass_that_fails_and_one_with_a_mode_of_its_own(tmp_path):
    def between(x, broken=[True]):  # noqa: B006  it fails once
        if broken:
            broken.clear()
            raise ValueError
        with Counting() as counting:
            result = torch.relu(x)
        assert counting.calls == 1
        return result

    network, x = Net(between), torch.randn(4, 8)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with shiftscope.watch(network, to=tmp_path / "run.shiftscope", optimizer=optimizer, on_error="raise"):
        with pytest.raises(ValueError, match=r"^$"):
            network(x)
        assert not _get_current_function_mode_stack()
        network(x).sum().backward()
        optimizer.step()
        assert not _get_current_function_mode_stack()
    with shiftscope.open_recording(tmp_path / "run.shiftscope") as recording:
        assert recording.header.networks[0].layers[0].activation == "relu"


def test_under_vmap_and_autocast(tmp_path):
    def between(x):
        with torch.autocast("cpu", torch.bfloat16):
            y = torch.func.vmap(torch.relu)(x)
        return functional.relu(x) + y

    same_as_bare(lambda: Net(between), tmp_path / "run.shiftscope", torch.randn(4, 8))


@pytest.mark.parametrize("first", [True, False], ids=["compiled first", "watched first"])
def test_a_compiled_function_is_compiled_as_often_as_unwatched(first, tmp_path):
    """Dynamo compiles anew where functions are observed: in a process that compiles anything they are not."""

    def compilations(path):
        torch.compiler.reset()
        graphs = []

        def backend(graph, _inputs):
            graphs.append(graph)
            return graph.forward

        def inner(x):
            return torch.relu(x).sin()

        torch.manual_seed(0)
        network = Net(torch.compile(inner, backend=backend) if first else inner)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        options = {"schedule": shiftscope.every(2), "on_error": "raise"}
        scope = shiftscope.watch(network, to=path, optimizer=optimizer, **options) if path else None
        network.between = torch.compile(inner, backend=backend)
        for step in range(8):
            network(torch.full((4, 8), float(step))).sum().backward()
            optimizer.step()
        if scope:
            scope.close()
        return len(graphs)

    try:
        assert compilations(tmp_path / "run.shiftscope") == compilations(None)
    finally:
        torch.compiler.reset()
