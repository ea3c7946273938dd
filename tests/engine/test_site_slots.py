import numpy as np
import pytest
import torch
from torch import nn

from shiftscope.engine.schedules import every
from shiftscope.scope import watch
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from tests.probes import brute


def stepped(network, passes, *, before=lambda: None):
    """Watch a network for some steps; `passes` gives each step's inputs."""
    sink = Collecting()
    with watch({"net": network}, to=sink, schedule=every(1)) as scope:
        for inputs in passes:
            before()
            network.zero_grad()
            network(inputs).sum().backward()
            scope.measure()
            scope.step()
    return sink


def check(sink, step, values, **where):
    expected = brute.moments(values)
    found = [sink.values(q, **where)[step] for q in ("mean", "variance", "std", "minimum", "maximum")]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_relu_in_place():
    network = networks.mlp(inplace=True)
    passes = [torch.randn(8, 6) for _ in range(3)]
    expected = [networks.sites(network, inputs) for inputs in passes]
    sink = stepped(network, passes)
    for step, sites in enumerate(expected):
        for site in ("pre_activation", "output"):
            check(sink, step, sites["hidden 1"][site], layer="hidden 1", site=site)


class AddsInPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        y = self.linear(x)
        y += 100
        return y


def test_a_later_sum_in_place():
    network = AddsInPlace()
    passes = [torch.randn(5, 3) for _ in range(3)]
    sink = stepped(network, passes)
    for step, inputs in enumerate(passes):
        check(sink, step, network.linear(inputs).detach().numpy(), site="output")


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.act = nn.Linear(4, 4), nn.Tanh()

    def forward(self, x):
        for _ in range(3):
            x = self.act(self.cell(x))
        return x


def test_a_layer_used_three_times_is_all_its_values():
    network = Recurrent()
    passes = [torch.randn(5, 4) for _ in range(3)]
    sink = stepped(network, passes)
    for step, inputs in enumerate(passes):
        states = [inputs]
        for _ in range(3):
            states.append(torch.tanh(network.cell(states[-1])))
        check(sink, step, torch.cat(states[1:]).detach().numpy(), site="output")
        check(sink, step, network.cell(torch.cat(states[:3])).detach().numpy(), site="pre_activation")


class TakesTurns(nn.Module):
    """Calls its layers in another order, or leaves one out."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.way = ("first", "second")

    def forward(self, x):
        for name in self.way:
            x = self.get_submodule(name)(x)
        return x


def test_another_order_and_a_layer_left_out():
    network = TakesTurns()
    ways = iter([("first", "second"), ("second", "first"), ("second",)])

    def turn():
        network.way = next(ways)

    inputs = torch.randn(5, 3)
    sink = stepped(network, [inputs] * 3, before=turn)
    last = sink.values("mean", layer="first", site="output")
    assert last[0] == pytest.approx(network.first(inputs).mean().item(), abs=1e-6)
    assert last[1] == pytest.approx(network.first(network.second(inputs)).mean().item(), abs=1e-6)
    assert len(last) == 2
    assert sink.values("mean", layer="second", site="output")[2] == pytest.approx(
        network.second(inputs).mean().item(), abs=1e-6
    )


def test_the_last_pass_with_a_graph_counts():
    network = networks.mlp(norm=False)
    sink = Collecting()
    first, second = torch.randn(8, 6), torch.randn(4, 6)
    with watch({"net": network}, to=sink, schedule=every(1)) as scope:
        for _ in range(2):
            network(first)
            network(second).sum().backward()
            with torch.no_grad():
                network(10 * first)
            scope.measure()
            scope.step()
    values = networks.sites(network, second)["hidden 1"]["pre_activation"]
    for step in range(2):
        check(sink, step, values, layer="hidden 1", site="pre_activation")


def test_no_pass_between_two_steps():
    network = networks.mlp()
    sink = Collecting()
    scope = watch(network, to=sink, schedule=every(1))
    for passes in (1, 0, 1):
        for _ in range(passes):
            network(torch.randn(4, 6)).sum().backward()
        scope.measure()
        scope.step()
    assert [frame.step for frame in sink.of("steps")] == [0, 2]
    assert sink.values("unseen_updates").tolist() == [0, 1]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_types(dtype):
    network = networks.mlp(norm=False).to(dtype)
    passes = [torch.randn(8, 6, dtype=dtype) for _ in range(2)]
    sink = stepped(network, passes)
    for step, inputs in enumerate(passes):
        values = network[0].linear(inputs).detach().double().numpy()
        check(sink, step, values, layer="hidden 1", site="pre_activation")
    norm = brute.norm(network.output.linear.weight.grad.double().numpy())
    assert sink.values("gradient_norm", layer="output", site="weight")[-1] == pytest.approx(norm, rel=1e-5)


def test_channels_last():
    network = networks.cnn().to(memory_format=torch.channels_last)
    passes = [torch.randn(8, 2, 6, 5).to(memory_format=torch.channels_last) for _ in range(2)]
    expected = [networks.sites(network, inputs) for inputs in passes]
    sink = stepped(network, passes)
    for step, sites in enumerate(expected):
        check(sink, step, sites["hidden 2"]["pre_activation"], layer="hidden 2", site="pre_activation")
        mean, variance = brute.channels(sites["hidden 2"]["norm_input"])
        np.testing.assert_allclose(sink.values("batch_mean", layer="hidden 2")[step], mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(sink.values("batch_variance", layer="hidden 2")[step], variance, rtol=1e-4)


def test_a_layer_that_the_loss_does_not_depend_on():
    network = TakesTurns()
    sink = Collecting()
    with watch(network, to=sink, schedule=every(1)) as scope:
        network(torch.randn(5, 3))
        network.second(torch.randn(5, 3)).sum().backward()
        scope.measure()
        scope.step()
    assert len(sink.values("gradient_norm", layer="first", site="")) == 0
    assert sink.values("gradient_norm", layer="second", site="")[0] > 0
