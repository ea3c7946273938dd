"""Compiled networks: watched, never compiled anew because of that, and trained to the same bits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.tracing.tracer import Tracer
from tests.probes import brute

STEPS = 6


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.block(x))


def compile_whole(network, backend):
    return torch.compile(network, backend=backend)


def compile_in_place(network, backend):
    network.compile(backend=backend)
    return network


def compile_part(network, backend):
    network.block = torch.compile(network.block, backend=backend)
    return network


def compile_part_in_place(network, backend):
    network.block.compile(backend=backend)
    return network


WAYS = [compile_whole, compile_in_place, compile_part, compile_part_in_place]


@pytest.fixture(autouse=True)
def _nothing_is_left_compiled():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def train(way, path=None, *, watched_first=False):
    """Train; return the end state, how often was compiled, and what passed the head at each step."""
    graphs, passed = [], []

    def backend(graph, _inputs):
        graphs.append(graph)
        return graph.forward

    torch.compiler.reset()
    torch.manual_seed(0)
    network = Net()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.001)
    trained = network if watched_first else way(network, backend)
    scope = None
    if path:
        scope = shiftscope.watch(
            trained, to=path, optimizer=optimizer, schedule=shiftscope.every(2), on_error="raise",
            probe_batch=torch.ones(4, 8),
        )  # fmt: skip
    if watched_first:
        trained = way(network, backend)
    for _ in range(STEPS):
        out = trained(torch.randn(16, 8))
        passed.append(out.detach().clone())
        out.square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    if scope:
        scope.close()
    return [one.clone() for one in network.state_dict().values()], len(graphs), passed


@pytest.mark.parametrize("way", WAYS)
def test_what_was_compiled_before_is_watched(way, tmp_path):
    expected, compiled, passed = train(way)
    path = tmp_path / "run.shiftscope"
    found, watched_compiled, _ = train(way, path)
    assert all(map(torch.equal, expected, found))
    assert watched_compiled == compiled
    check_recording(path, passed)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_compiled_later_is_watched(way, tmp_path):
    expected, compiled, passed = train(way, watched_first=True)
    path = tmp_path / "run.shiftscope"
    found, watched_compiled, _ = train(way, path, watched_first=True)
    assert all(map(torch.equal, expected, found))
    # What is compiled at first may see what watches; what is compiled then is compiled no more.
    assert watched_compiled <= compiled + len(list(Net().block))
    # What is around a network that is compiled as a whole is known once there was an update without a pass.
    whole = way is compile_whole
    check_recording(path, passed, skipped=way is compile_in_place or whole, studied=not whole)


def check_recording(path, passed, *, skipped=False, studied=True):
    """Check the layers, and what passed the head at the recorded steps; `skipped` where the first step was not seen."""
    with shiftscope.open_recording(path) as recording:
        (network,) = recording.header.networks
        assert [(one.name, one.activation, one.normalization) for one in network.layers] == [
            ("block", "relu", "batch"),
            ("head", "", ""),
        ]
        steps = recording.steps("layers").tolist()
        assert steps == list(range(2 * skipped, STEPS, 2))
        found = recording.values("layers", "mean", network=network.name, layer="head", site="output")
        expected = [brute.moments(passed[step].double().numpy())[0] for step in steps]
        assert found.tolist() == pytest.approx(expected, rel=1e-4, abs=1e-6)
        assert [event.message for event in recording.journal() if event.kind == "note"] == []
        if not studied:  # its streams are declared before anything is known of the layers
            return
        drift = recording.values("drift", "wasserstein_from_start", network=network.name, layer="head", site="output")
        assert drift[-1] > 0


def test_what_compiles_a_network_anew_is_found_while_the_first_is_held():
    network = Net()
    tracer = Tracer(network, lambda _part, error: pytest.fail(str(error)))
    wrappers = []  # as what watches the first one holds it
    for _ in range(2):
        wrappers.append(torch.compile(network, backend="eager"))
        assert tracer.find_wrapper()
        assert tracer.hides_parts
