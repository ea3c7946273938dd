import copy
import gc
import io
import weakref

import pytest
import torch

from shiftscope.testing import networks
from shiftscope.tracing.errors import WatchError
from shiftscope.tracing.explorer import Explorer
from shiftscope.tracing.forward_patch import ForwardPatch
from shiftscope.tracing.layers import find_parts


class Counting:
    """Counts the calls of parts in the passes that are observed."""

    def __init__(self):
        self.calls = self.passes = 0
        self.under_way = False

    def begin(self):
        self.passes += 1
        self.under_way = True

    def end(self):
        self.under_way = False

    def wrap(self, part, forward):
        def wrapped(*arguments):
            self.calls += self.under_way
            return forward(*arguments)

        return wrapped


def patched(network):
    observer = Counting()
    patch = ForwardPatch(network, find_parts(network), observer)
    patch.install()
    return patch, observer


def explored(network, inputs):
    parts = find_parts(network)
    explorer = Explorer(parts)
    patch = ForwardPatch(network, parts, explorer)
    patch.install()
    network(inputs).sum().backward()
    patch.remove()
    return explorer.result()


def tensors(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def contents(network):
    """Return what each module holds: parameters, buffers, hooks and all else."""
    return {name: {key: copy.copy(value) for key, value in vars(m).items()} for name, m in network.named_modules()}


def instance_forwards(network):
    return [name for name, module in network.named_modules() if "forward" in module.__dict__]


def test_nothing_stays_behind():
    network = networks.mlp()
    before = contents(network)
    patch, observer = patched(network)
    network(torch.randn(4, 6)).sum().backward()
    assert len(instance_forwards(network)) == 8
    assert observer.calls == 7
    patch.remove()
    assert instance_forwards(network) == []
    assert patch.inputs == ()
    assert contents(network) == before


def test_a_forward_that_fails_leaves_nothing_behind():
    network = networks.mlp()
    patch, observer = patched(network)
    with pytest.raises(RuntimeError):
        network(torch.randn(4, 7))
    calls = observer.calls
    network[0](torch.randn(4, 6))
    assert observer.calls == calls, "the pass that failed is over"
    patch.remove()
    assert instance_forwards(network) == []


def test_a_part_that_is_called_by_itself_is_not_observed():
    network = networks.mlp()
    patch, observer = patched(network)
    network[0](torch.randn(4, 6))
    assert observer.calls == 0
    assert not patch.passed
    network(torch.randn(4, 6))
    assert observer.calls == 7


def test_only_the_entrance_is_patched_where_the_parts_are_not_observed():
    network = networks.mlp()
    patch, observer = patched(network)
    patch.install(parts=False)
    assert instance_forwards(network) == [""]
    network(torch.randn(4, 6))
    assert patch.passed
    assert observer.passes == 0
    patch.remove()
    assert instance_forwards(network) == []


def test_another_observer_takes_over_at_once():
    network = networks.mlp()
    patch, first = patched(network)
    second = Counting()
    patch.observe_with(second)
    network(torch.randn(4, 6))
    assert (first.calls, second.calls) == (0, 7)


def test_passes_without_a_graph_or_aside_are_none():
    network = networks.mlp()
    patch, observer = patched(network)
    with torch.no_grad():
        network(torch.randn(4, 6))
    with patch.aside():
        network(torch.randn(4, 6))
    assert not patch.passed
    assert observer.passes == 0


def test_the_last_pass_with_a_graph_counts():
    network = networks.mlp()
    parts = find_parts(network)
    explorer = Explorer(parts)
    patch = ForwardPatch(network, parts, explorer)
    patch.install()
    network(torch.randn(4, 6))
    network(torch.randn(8, 6))
    with torch.no_grad():
        network(torch.randn(16, 6))
    found = explorer.result()
    assert len(found.calls) == 7
    assert {len(output) for _, _, output in found.calls} == {8}


def test_explored_tensors_are_let_go():
    network = networks.mlp()
    found = explored(network, torch.randn(4, 6))
    seen = [weakref.ref(output) for _, _, output in found.calls]
    found.forget()
    gc.collect()
    assert [ref() for ref in seen] == [None] * 7


def test_without_a_pass_there_is_nothing_to_explore():
    with pytest.raises(WatchError, match="no forward pass"):
        Explorer(find_parts(networks.mlp())).result()


def test_what_is_overwritten_is_explored_as_it_was():
    network = networks.mlp(inplace=True)
    inputs = torch.randn(8, 6)
    found = explored(network, inputs)
    expected = networks.sites(network, inputs)
    assert (expected["hidden 1"]["pre_activation"] < 0).any()
    for layer in found.layers:
        for name in ("normalized", "pre_activation", "output"):
            if site := layer.site(name):
                value = torch.tensor(expected[layer.name][name])
                torch.testing.assert_close(found.values(site).double(), value, rtol=1e-5, atol=1e-5)
    assert len(found.overwriting) == 2


@pytest.mark.parametrize("when", ["installed", "removed"])
def test_copies_and_pickles_are_those_of_an_unwatched_network(when):
    network = networks.mlp()
    plain = tensors(network)
    inputs = torch.randn(4, 6)
    expected = copy.deepcopy(network)(inputs)
    patch, observer = patched(network)
    network(inputs)
    if when == "removed":
        patch.remove()
    assert list(network.state_dict()) == list(plain)
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    calls = observer.calls
    for twin in (copy.deepcopy(network), torch.load(file, weights_only=False)):
        assert twin is not network
        with torch.no_grad():
            twin[0].linear.weight.zero_()
        assert network[0].linear.weight.abs().sum() > 0
        twin.load_state_dict(plain)
        torch.testing.assert_close(twin(inputs), expected)
        assert observer.calls == calls


def test_a_forward_of_ones_own_on_the_instance_is_kept():
    network = networks.mlp()
    doubled = network[0].activation.forward
    network[0].activation.forward = lambda x: 2 * doubled(x)
    inputs = torch.randn(4, 6)
    expected = network(inputs)
    patch, _ = patched(network)
    torch.testing.assert_close(network(inputs), expected)
    patch.remove()
    torch.testing.assert_close(network(inputs), expected)
    assert instance_forwards(network) == ["hidden 1.activation"]


def test_compiled_networks_are_refused():
    with pytest.raises(WatchError, match="compiled"):
        patched(torch.compile(networks.mlp()))
    in_place = networks.mlp()
    in_place.compile()
    with pytest.raises(WatchError, match="compiled"):
        patched(in_place)
