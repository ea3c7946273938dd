"""Drift on training batches in loops as people write them, against the batches themselves."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from shiftscope.engine.schedules import every
from shiftscope.scope import watch
from shiftscope.testing.collecting import Collecting
from tests.probes.reference import distance, sigma

DISTANCES = ("wasserstein", "wasserstein_over_sigma", "mean_shift", "log_sigma_ratio", "gaussian_kl")
STEPS = 5
SIZE = 12


class Network(nn.Module):
    """Two layers, of which the second may be left out."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.head = nn.Linear(6, 16), nn.Linear(16, 16), nn.Linear(16, 3)
        self.with_second = True

    def forward(self, x):
        hidden = functional.relu(self.first(x))
        return self.head(functional.relu(self.second(hidden)) if self.with_second else hidden)


def batches(mean=0.0):
    return mean + torch.randn(SIZE, 6), torch.randint(3, (SIZE,))


class Passed:
    """What the layers gave out in the passes of each step, in float64."""

    def __init__(self, network):
        self.steps, self._now = [], {}
        for name, module in network.named_children():
            module.register_forward_hook(lambda _module, _inputs, output, name=name: self._see(name, output))

    def _see(self, name, output):
        self._now.setdefault(name, []).append(output.detach().double().numpy())

    def end(self):
        self.steps.append({name: np.concatenate(values) for name, values in self._now.items()})
        self._now.clear()

    def forget(self):
        self._now.clear()


def check(sink, steps, layer):
    """Compare what was recorded of a layer with what it gave out, at the steps at which it did."""
    first = last = None
    ran = [passed[layer] for passed in steps if layer in passed]
    assert len(sink.values("batch_wasserstein_from_start", layer=layer)) == len(ran)
    for step, now in enumerate(ran):
        for since in ("start", "previous"):
            found = {name: sink.values(f"batch_{name}_from_{since}", layer=layer)[step].item() for name in DISTANCES}
            reference, start = (now if one is None else one for one in (first if since == "start" else last, first))
            bins = 0.02 * (reference.std() + now.std())
            allowed = {"wasserstein": bins, "wasserstein_over_sigma": bins / sigma(reference, start)}
            for name, value in found.items():
                expected = distance(name, *_as_many(reference, now), start)
                assert value == pytest.approx(expected, abs=allowed.get(name, 0) + 1e-4), (name, since, layer, step)
        first, last = now if first is None else first, now


def _as_many(a, b):
    """Repeat the values of both so that there are as many of each: their distributions stay the same."""
    many = np.lcm(a.shape[0], b.shape[0])
    return np.repeat(a, many // a.shape[0], axis=0), np.repeat(b, many // b.shape[0], axis=0)


def watched(network, optimizer, **more):
    sink = Collecting()
    schedules = {"batch_drift": every(1)}
    return sink, watch({"net": network}, to=sink, schedule=every(1), schedules=schedules, optimizer=optimizer, **more)


def test_micro_batches_are_one_distribution():
    torch.manual_seed(0)
    network = Network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    passed, counts = Passed(network), [4, 1, 3, 4, 2]
    sink, scope = watched(network, optimizer)
    with scope:
        for step, count in enumerate(counts):
            optimizer.zero_grad()
            for micro in range(count):
                inputs, targets = batches(mean=micro + 0.3 * step)
                functional.cross_entropy(network(inputs), targets).backward()
            optimizer.step()
            passed.end()
    for layer in ("first", "second", "head"):
        check(sink, passed.steps, layer)
    floor = sink.values("batch_noise_floor")
    np.testing.assert_allclose(floor, [1 / np.sqrt(SIZE * count) for count in counts], rtol=1e-6)


def test_a_layer_that_runs_at_some_steps_only_is_compared_with_those():
    torch.manual_seed(0)
    network = Network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    passed = Passed(network)
    sink, scope = watched(network, optimizer)
    with scope:
        for step in range(STEPS):
            network.with_second = step in {0, 1, 4}
            inputs, targets = batches()
            optimizer.zero_grad()
            functional.cross_entropy(network(inputs), targets).backward()
            optimizer.step()
            passed.end()
    for layer in ("first", "second", "head"):
        check(sink, passed.steps, layer)
    assert "second" not in passed.steps[2]


def test_a_closure_that_is_called_several_times_counts_as_one_step():
    torch.manual_seed(0)
    network = Network()
    optimizer = torch.optim.LBFGS(network.parameters(), lr=0.1, max_iter=4)
    sink, scope = watched(network, optimizer)
    with scope:
        for _ in range(STEPS):
            inputs, targets = batches()

            def closure(inputs=inputs, targets=targets):
                optimizer.zero_grad()
                loss = functional.cross_entropy(network(inputs), targets)
                loss.backward()
                return loss

            optimizer.step(closure)
    found = sink.values("batch_wasserstein_from_previous", layer="first")
    assert found[0] == 0
    assert (found[1:] > 0).all()
    np.testing.assert_allclose(sink.values("batch_noise_floor"), 1 / np.sqrt(SIZE), rtol=1e-6)


def recorded(probes="standard", **more):
    network = Network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    sink, scope = watched(network, optimizer, probes=probes, **more)
    with scope:
        inputs, targets = batches()
        functional.cross_entropy(network(inputs), targets).backward()
        optimizer.step()
    return {layout.name for layout in sink.header.layouts} & {"drift", "batch_drift"}


def test_it_is_recorded_in_place_of_drift_on_a_fixed_batch():
    fixed = torch.randn(5, 6)
    assert recorded() == {"batch_drift"}
    assert recorded(probe_batch=fixed) == {"drift"}
    assert recorded(["moments"]) == set()
    assert recorded(["standard", "batch_drift"], probe_batch=fixed) == {"drift", "batch_drift"}
    assert recorded("essential") == set()
