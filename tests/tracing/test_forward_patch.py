import copy
import gc
import io
import weakref

import pytest
import torch

from shiftscope.tracing.forward_patch import Tap, WatchError
from shiftscope.tracing.layers import find_parts
from tests.probes import networks


def armed(network):
    tap = Tap(network, find_parts(network))
    tap.arm()
    return tap


def tensors(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def instance_forwards(network):
    return [name for name, module in network.named_modules() if "forward" in module.__dict__]


def test_nothing_stays_behind():
    network = networks.mlp()
    tap = armed(network)
    network(torch.randn(4, 6)).sum().backward()
    assert len(instance_forwards(network)) == 8
    assert len(tap.calls) == 7
    tap.disarm()
    assert instance_forwards(network) == []
    assert tap.calls == []
    assert not network._forward_hooks


def test_a_forward_that_fails_leaves_nothing_behind():
    network = networks.mlp()
    tap = armed(network)
    with pytest.raises(RuntimeError):
        network(torch.randn(4, 7))
    calls = len(tap.calls)
    network[0](torch.randn(4, 6))
    assert len(tap.calls) == calls, "the pass that failed is over"
    tap.disarm()
    assert instance_forwards(network) == []


def test_a_part_that_is_called_by_itself_is_not_looked_at():
    network = networks.mlp()
    tap = armed(network)
    network[0](torch.randn(4, 6))
    assert tap.calls == []
    assert not tap.passed
    network(torch.randn(4, 6))
    assert len(tap.calls) == 7


def test_only_the_entrance_is_changed_where_nothing_is_to_be_looked_at():
    network = networks.mlp()
    tap = armed(network)
    network(torch.randn(4, 6)).sum().backward()
    tap.discover()
    tap.arm(look=False)
    assert instance_forwards(network) == [""]
    tap.clear()
    network(torch.randn(4, 6))
    assert tap.passed
    assert tap.calls == []
    tap.disarm()
    assert instance_forwards(network) == []


def test_the_last_pass_with_a_graph_counts():
    network = networks.mlp()
    tap = armed(network)
    network(torch.randn(4, 6))
    network(torch.randn(8, 6))
    with torch.no_grad():
        network(torch.randn(16, 6))
    assert len(tap.calls) == 7
    assert {len(output) for _, _, output in tap.calls} == {8}


def test_captured_tensors_are_let_go():
    network = networks.mlp()
    tap = armed(network)
    network(torch.randn(4, 6)).sum().backward()
    seen = [weakref.ref(output) for _, _, output in tap.calls]
    tap.disarm()
    gc.collect()
    assert [ref() for ref in seen] == [None] * 7


def test_what_is_overwritten_is_explored_as_it_was():
    network = networks.mlp(inplace=True)
    tap = armed(network)
    inputs = torch.randn(8, 6)
    network(inputs).sum().backward()
    expected = networks.sites(network, inputs)
    assert (expected["hidden 1"]["pre_activation"] < 0).any()
    for layer in tap.discover():
        for name in ("pre_activation", "output"):
            if site := layer.site(name):
                _, given, output = tap.calls[site.calls[0]]
                value = (output if site.end else given).double()
                torch.testing.assert_close(value, torch.tensor(expected[layer.name][name]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("when", ["armed", "disarmed"])
def test_copies_and_pickles_are_those_of_an_unwatched_network(when):
    network = networks.mlp()
    plain = tensors(network)
    inputs = torch.randn(4, 6)
    expected = copy.deepcopy(network)(inputs)
    tap = armed(network)
    network(inputs)
    if when == "disarmed":
        tap.disarm()
    assert list(network.state_dict()) == list(plain)
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    calls = len(tap.calls)
    for twin in (copy.deepcopy(network), torch.load(file, weights_only=False)):
        assert twin is not network
        with torch.no_grad():
            twin[0].linear.weight.zero_()
        assert network[0].linear.weight.abs().sum() > 0
        twin.load_state_dict(plain)
        torch.testing.assert_close(twin(inputs), expected)
        assert len(tap.calls) == calls


def test_a_forward_of_ones_own_on_the_instance_is_kept():
    network = networks.mlp()
    doubled = network[0].activation.forward
    network[0].activation.forward = lambda x: 2 * doubled(x)
    inputs = torch.randn(4, 6)
    expected = network(inputs)
    tap = armed(network)
    torch.testing.assert_close(network(inputs), expected)
    tap.disarm()
    torch.testing.assert_close(network(inputs), expected)
    assert instance_forwards(network) == ["hidden 1.activation"]


def test_compiled_networks_are_refused():
    with pytest.raises(WatchError, match="compiled"):
        armed(torch.compile(networks.mlp()))
    in_place = networks.mlp()
    in_place.compile()
    with pytest.raises(WatchError, match="compiled"):
        armed(in_place)
