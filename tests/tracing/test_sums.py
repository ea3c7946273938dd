"""Residual sums: where a skip connection is added, under the name of the module in whose forward it is."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

import shiftscope
from shiftscope.testing.collecting import Collecting
from shiftscope.tracing.flow import Flow
from tests.probes import brute
from tests.tracing.test_layers import layers_of


class Keeping(nn.Module):
    """A module that keeps what it added, to compare with."""

    def __init__(self):
        super().__init__()
        self.kept = {}

    def keep(self, name, values):
        self.kept[name] = values.detach().clone()
        return values


class Basic(Keeping):
    """As in ResNet: added in place, with a projection where the sizes differ; the activation follows."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))
        if inputs == outputs:
            self.downsample = None

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        self.keep("sum", out)
        return self.relu(out)


class PreNorm(Keeping):
    """As in GPT-2, with a scaled branch and attention of one's own."""

    def __init__(self, width):
        super().__init__()
        self.ln_1, self.qkv, self.proj = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ln_2, self.fc, self.out = nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.gamma = nn.Parameter(torch.full((width,), 0.5))

    def attend(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        weights = torch.softmax(torch.einsum("bqc,bkc->bqk", q, k), dim=-1)
        return self.proj(functional.dropout(weights, 0.1) @ v)

    def forward(self, x):
        x = self.keep("sum", x + self.attend(self.ln_1(x)))
        return self.keep("sum 2", torch.add(x, self.gamma * self.out(functional.gelu(self.fc(self.ln_2(x))))))


class Loop(Keeping):
    """One module adds in a loop over its layers; a checkpoint runs each branch."""

    def __init__(self, width):
        super().__init__()
        self.branches = nn.ModuleList([nn.Linear(width, width) for _ in range(3)])

    def forward(self, x):
        for number, branch in enumerate(self.branches):
            x = self.keep(f"sum {number + 1}" if number else "sum", checkpoint(branch, x, use_reentrant=False) + x)
        return x


class Patches(nn.Module):
    def forward(self, x):
        return x.flatten(2).transpose(1, 2)


def resnet():
    return nn.Sequential(Basic(3, 3), Basic(3, 8), nn.Flatten(), nn.Linear(8 * 16, 2))


def transformer():
    return nn.Sequential(Patches(), PreNorm(3), PreNorm(3), nn.LayerNorm(3), Loop(3))


NAMES = {
    resnet: ["0 · sum", "1 · sum"],
    transformer: ["1 · sum", "1 · sum 2", "2 · sum", "2 · sum 2", "4 · sum", "4 · sum 2", "4 · sum 3"],
}


def train(network, x, path=None):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    kept, sums = [], []
    scope = None
    if path:
        scope = shiftscope.watch(
            network, to=path, optimizer=optimizer, on_error="raise", probe_batch=x, schedule=1, probes="full"
        )
    for _ in range(4):
        optimizer.zero_grad()
        network(x).square().mean().backward()
        optimizer.step()
        kept += [parameter.detach().clone() for parameter in network.parameters()]
        sums.append(
            {(name, own): values for name, module in network.named_modules() if isinstance(module, Keeping)
             for own, values in module.kept.items()}
        )  # fmt: skip
    if scope:
        scope.close()
    return kept, sums


@pytest.mark.parametrize("make", NAMES)
def test_sums_are_layers_with_the_values_of_the_sum(make, tmp_path):
    torch.manual_seed(0)
    x = torch.randn(5, 3, 4, 4)
    torch.manual_seed(1)
    bare, _ = train(make(), x)
    torch.manual_seed(1)
    watched, sums = train(make(), x, tmp_path / "run.shiftscope")
    assert all(torch.equal(one, other) for one, other in zip(bare, watched, strict=True))
    with shiftscope.open_recording(tmp_path / "run.shiftscope") as recording:
        layers = {layer.name: layer for layer in recording.header.networks[0].layers}
        assert [name for name in layers if "sum" in name] == NAMES[make]
        for name in NAMES[make]:
            owner, own = name.split(" · ")
            site = "pre_activation" if layers[name].activation else "output"
            where = {"network": "Sequential", "layer": name, "site": site}
            expected = [brute.moments(one[owner, own].double().numpy()) for one in sums]
            for quantity, index in (("mean", 0), ("variance", 1), ("minimum", 3), ("maximum", 4)):
                found = recording.values("layers", quantity, **where)
                assert found == pytest.approx([one[index] for one in expected], rel=1e-4, abs=1e-6)
            drift = recording.values("drift", "mean_shift_from_start", **where)
            assert len(drift) == 4
            assert drift[-1] > 0


def test_a_sum_has_the_activation_that_follows_and_no_normalization():
    found = {layer.name: layer for layer in layers_of(resnet(), torch.randn(5, 3, 4, 4))}
    assert [(name, found[name].info.activation, found[name].features) for name in NAMES[resnet]] == [
        ("0 · sum", "relu", 3),
        ("1 · sum", "relu", 8),
    ]
    found = {layer.name: layer for layer in layers_of(transformer(), torch.randn(5, 3, 4, 4))}
    assert found["3"].info.normalization == "layer"
    assert found["2 · sum 2"].info.normalization == ""
    assert found["2 · sum 2"].info.label == "Sum 3"


class Adder(nn.Module):
    """Adds what it is given, as a module of its own, and hands the operands over by name."""

    def forward(self, *, one, other):
        return one + other


class PreActivated(nn.Module):
    """As in ResNet's second version: the sum is normalized, and the activation follows that."""

    def __init__(self, activate, *, by_function=False):
        super().__init__()
        self.norm, self.fc = nn.BatchNorm1d(6), nn.Linear(6, 6)
        self.activate = functional.relu if activate == "function" else nn.ReLU(inplace=activate == "in place")
        self.by_function = by_function

    def forward(self, x):
        normalized = functional.layer_norm(x, (6,)) if self.by_function else self.norm(x)
        return x + self.fc(self.activate(normalized))


@pytest.mark.parametrize("activate", ["function", "module", "in place"])
def test_what_follows_the_normalization_of_a_sum_is_none_of_the_sums(activate, tmp_path):
    torch.manual_seed(0)
    x = torch.randn(8, 6)
    network = nn.Sequential(*(PreActivated(activate) for _ in range(3)))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    with torch.no_grad():
        once = network[0](x)
        twice = network[1](once)
        normalized = network[2].norm(twice)
    with shiftscope.watch(network, to=tmp_path / "run.shiftscope", optimizer=optimizer, on_error="raise"):
        network(x).square().mean().backward()
        optimizer.step()
    with shiftscope.open_recording(tmp_path / "run.shiftscope") as recording:
        own = [(layer.name, layer.normalization, layer.activation) for layer in recording.header.networks[0].layers]
        blocks = [[(f"{n}.norm", "batch", "relu"), (f"{n}.fc", "", ""), (f"{n} · sum", "", "")] for n in range(3)]
        assert own == [one for block in blocks for one in block]
        for layer, site, values in (
            ("0 · sum", "output", once), ("1 · sum", "output", twice), ("2.norm", "pre_activation", normalized),
            ("2.norm", "output", normalized.relu()),
        ):  # fmt: skip
            mean, variance, *_ = brute.moments(values.double().numpy())
            where = {"network": "Sequential", "layer": layer, "site": site}
            assert recording.values("layers", "mean", **where) == pytest.approx([mean], rel=1e-4, abs=1e-6)
            assert recording.values("layers", "variance", **where) == pytest.approx([variance], rel=1e-4)


def test_an_activation_behind_a_function_that_normalizes_a_sum_is_nobodys():
    network = nn.Sequential(*(PreActivated("function", by_function=True) for _ in range(2)))
    found = layers_of(network, torch.randn(8, 6))
    assert [(layer.name, layer.info.activation) for layer in found] == [
        ("0.fc", ""), ("0 · sum", ""), ("1.fc", ""), ("1 · sum", "")
    ]  # fmt: skip


class Added(nn.Module):
    """A linear map and what a test adds to it."""

    def __init__(self, add):
        super().__init__()
        self.first, self.second, self.third = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 6)
        self.bias, self.adder, self.add = nn.Parameter(torch.ones(4, 6)), Adder(), add

    def forward(self, x):
        return self.add(self, x)


class Opaque(torch.autograd.Function):
    """What no observer of functions sees."""

    @staticmethod
    def forward(_, x):
        return x * 2

    @staticmethod
    def backward(_, gradient):
        return gradient * 2


def again(net, x):
    for _ in range(3):
        x = functional.relu(x + net.first(x))
    return x


def residual_cell(net, x):
    h = x
    for _ in range(3):
        h = h + torch.tanh(net.first(x) + net.second(h))
    return h


def with_the_first(net, x):
    h = x
    for layer in (net.first, net.second):
        h = functional.relu(x + layer(h))
    return h


def hourglass(net, x):
    y = net.first(x)
    low = net.second(functional.max_pool1d(y, 2).repeat(1, 2)).relu()[:, None, :3]
    return y + functional.interpolate(low, 6)[:, 0]


SUMS = {
    "through what is not seen": (lambda net, x: (y := net.first(x)) + net.second(Opaque.apply(y)), ["sum"]),
    "of a copy": (lambda net, x: x.clone().mul_(0.5).add_(net.first(x)), ["sum"]),
    "by a module": (lambda net, x: net.adder(one=net.first(x), other=x), ["adder · sum"]),
    "through a function": (lambda net, x: sum([net.second(net.first(x)), x], start=x.new_zeros(())), ["sum"]),
    "a block that is called again": (again, ["sum"]),
    "of a cell with its state": (residual_cell, ["sum"]),
    "around a layer called twice": (lambda net, x: x + net.first(net.first(x)), ["sum"]),
    "with the first input at each": (with_the_first, ["sum", "sum 2"]),
    "through an hourglass": (hourglass, ["sum"]),
    "projected, to a pyramid": (lambda net, x: net.third(x) + net.second(net.first(x).relu()), ["sum"]),
    "many times at one place": (
        lambda net, x: functional.relu(x + net.first(x)) + net.second(x + net.first(x)), ["sum", "sum 2"]
    ),
}  # fmt: skip
OTHERS = {
    "a parameter": lambda net, x: net.first(x) + net.bias,
    "a position": lambda net, x: net.first(x) + torch.arange(6.0).expand(4, 6),
    "two branches": lambda net, x: net.first(x) + net.second(x),
    "two branches of several layers": lambda net, x: net.first(x).relu() + net.third(net.second(x).relu()).relu(),
    "tokens and positions": lambda net, x: net.first(x.detach().round()) + net.second(torch.arange(24.0).view(4, 6)),
    "a bias made by a layer": lambda net, x: net.first(x) + net.second(torch.ones(6)).expand(4, 6),
    "losses of samples": lambda net, x: (net.first(x) - x).square() + 0.1 * net.second(x).abs(),
    "an adapter": lambda net, x: net.first(x) + net.third(net.second(functional.dropout(x))) * 2,
    "no layer between": lambda net, x: (y := net.first(x)) + 0.044715 * y.pow(3),
    "a gate": lambda net, x: (z := torch.sigmoid(net.first(x))) * net.second(x) + (1 - z) * x,
    "a rotation": lambda net, x: (y := net.first(x)) * 0.6 * y.cos() + y.flip(-1) * y.sin(),
    "an auxiliary loss": lambda net, x: (y := net.first(x)).mean((0, 1)) + net.second(y).mean((0, 1)),
}


class Cells(nn.Module):
    """Cells written by hand, that are called at each step with what they gave out at the one before."""

    def __init__(self, kind, *, constant=False, first=None):
        super().__init__()
        self.kind, self.constant, self.first = kind, constant, first
        self.into, self.state = nn.Linear(6, 6), nn.Linear(6, 6)
        self.gates_in, self.gates = nn.Linear(6, 24), nn.Linear(6, 24)
        self.reset, self.keep, self.new = nn.Linear(12, 6), nn.Linear(12, 6), nn.Linear(12, 6)
        self.normalized = nn.LayerNorm(6)

    def forward(self, x):
        h = x.new_zeros(x.shape) if self.first is None else self.first(self, x)
        c = h
        for step in range(4):
            h, c = self.kind(self, x if self.constant else x.roll(step, 0), h, c)
        return h


def lstm(net, x, h, c):
    i, f, g, o = (net.gates_in(x) + net.gates(h)).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru(net, x, h, c):
    r, z, n, _ = net.gates_in(x).chunk(4, -1)
    own_r, own_z, own_n, _ = net.gates(h).chunk(4, -1)
    r, z = torch.sigmoid(r + own_r), torch.sigmoid(z + own_z)
    return (1 - z) * torch.tanh(n + r * own_n) + z * h, c


def joined_gru(net, x, h, c):
    both = torch.cat([x, h], -1)
    r, z = torch.sigmoid(net.reset(both)), torch.sigmoid(net.keep(both))
    return (1 - z) * torch.tanh(net.new(torch.cat([x, r * h], -1))) + z * h, c


def rnn(net, x, h, c):
    return torch.tanh(net.into(x) + net.state(h)), c


CELLS = {
    "rnn": rnn,
    "normalized": lambda net, x, h, c: (torch.tanh(net.normalized(net.into(x)) + net.normalized(net.state(h))), c),
    "rnn in place": lambda net, x, h, c: (net.state(h).add_(net.into(x)).relu(), c),
    "lstm": lstm,
    "gru": gru,
    "gru of both": joined_gru,
}  # fmt: skip


@pytest.mark.parametrize("constant", [False, True], ids=["sequence", "constant"])
@pytest.mark.parametrize("name", CELLS)
def test_a_recurrent_cell_written_by_hand_has_no_residual_sum(name, constant):
    network = Cells(CELLS[name], constant=constant)
    assert not [layer.name for layer in layers_of(network, torch.randn(4, 6)) if layer.core.function]


def test_a_recurrence_of_an_input_that_was_mapped_before_has_none_either():
    def cell(net, x, h, c):
        return torch.tanh(c + net.state(h)), c

    network = Cells(cell, constant=True, first=lambda net, x: net.into(x).detach() * 0)
    network.kind = lambda net, x, h, c, u=[]: (torch.tanh((u or u.append(net.into(x)) or u)[0] + net.state(h)), c)
    assert not [layer.name for layer in layers_of(network, torch.randn(4, 6)) if layer.core.function]


@pytest.mark.parametrize("name", SUMS)
def test_what_is_a_residual_sum(name):
    add, expected = SUMS[name]
    found = [layer.name for layer in layers_of(Added(add), torch.randn(4, 6)) if layer.core.function]
    assert found == expected


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_none(name):
    found = [layer.name for layer in layers_of(Added(OTHERS[name]), torch.randn(4, 6)) if layer.core.function]
    assert found == []


def test_sums_are_chosen_by_name(tmp_path):
    torch.manual_seed(0)
    for layers, expected in (("!**.sum", 0), (["1.**"], 2), ("1", 0)):
        network, x = transformer(), torch.randn(5, 3, 4, 4)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        path = tmp_path / f"{expected}{len(layers)}.shiftscope"
        with shiftscope.watch(network, to=path, optimizer=optimizer, layers=layers, probe_batch=x, on_error="raise"):
            network(x).sum().backward()
            optimizer.step()
        with shiftscope.open_recording(path) as recording:
            names = [layer.name for layer in recording.header.networks[0].layers]
            assert sum("sum" in name for name in names) == expected
            assert len(names) > 1 or layers == "1"


class Frugal(nn.Module):
    """Lets go of a large tensor before it returns."""

    def __init__(self):
        super().__init__()
        self.first, self.alive = nn.Linear(6, 6), []

    def forward(self, x):
        t = self.first(x)
        y = x + t
        held = ref(t)
        del t
        self.alive.append(held() is not None)
        return y


def test_what_a_forward_lets_go_of_is_freed_at_once():
    network = nn.Sequential(Frugal(), Frugal())
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    sink = Collecting()
    gc.disable()
    try:
        with shiftscope.watch(network, to=sink, optimizer=optimizer, schedule=1, on_error="raise"):
            for _ in range(4):
                network(torch.randn(4, 6)).sum().backward()
                optimizer.step()
    finally:
        gc.enable()
    assert [layer.name for layer in sink.header.networks[0].layers if "sum" in layer.name] == ["0 · sum", "1 · sum"]
    assert [one for module in network for one in module.alive] == [False] * 8


def integrate(net, x):
    y = net.first(x)
    for _ in range(200):
        y = 0.9 * y.sin() + 0.1 * x.cos()
    return net.second(y)


def test_a_sum_that_is_made_many_times_and_is_none_is_soon_asked_about_no_more(monkeypatch):
    asked = []
    branch = Flow.branch
    monkeypatch.setattr(Flow, "branch", lambda flow, *operands: asked.append(0) or branch(flow, *operands))
    found = layers_of(Added(integrate), torch.randn(4, 6))
    assert not any(layer.core.function for layer in found)
    assert 0 < len(asked) <= 40


@pytest.mark.parametrize(("between", "expected"), [(500, 0), (5000, None)])
def test_a_skip_connection_around_very_much_is_not_followed(between, expected):
    flow = Flow()
    start = torch.randn(4, 6)
    made = [start + 0]
    flow.layer(0, [start], made[0], 1)
    for _ in range(between):
        made.append(made[-1] + 0)
        flow.follow(None, made[-2:-1], made[-1])
    assert flow.branch(made[-1], start) == expected
