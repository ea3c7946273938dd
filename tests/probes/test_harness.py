"""Every registered probe on every kind of network: right numbers, and training that does not notice."""

import copy
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from shiftscope.engine.schedules import every
from shiftscope.probes.registry import PROBES
from shiftscope.scope import watch
from tests.probes import brute, networks
from tests.probes.collecting import Collecting
from tests.probes.reference import HISTOGRAMS, SITE_QUANTITIES, UNITS, Kept, Reference

STEPS, RATE = 3, 0.1
STUDIES = ("drift", "sampling_shift", "gradient_shift", "landscape")
ALWAYS = dict.fromkeys((*STUDIES, "cost", "channels"), every(1))
KINDS = [
    (kind, norm, activation)
    for kind in ("mlp", "cnn")
    for norm in ("none", "before", "after")
    for activation in ("relu", "sigmoid", "tanh")
]


def make(kind, norm, activation):
    if kind == "mlp":
        return networks.mlp((6, 5, 4, 3), activation, norm != "none", "before" if norm == "none" else norm)
    return networks.cnn(activation, norm != "none", place="before" if norm == "none" else norm)


def batches(kind, count, size=16):
    generator = torch.Generator().manual_seed(1)
    shape = (6,) if kind == "mlp" else (2, 6, 5)
    return [
        (torch.randn(size, *shape, generator=generator), torch.randint(3, (size,), generator=generator))
        for _ in range(count)
    ]


def train(network, given, scope=None):
    """Train; return what each step was."""
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    kept = []
    for inputs, targets in given:
        before = copy.deepcopy(network)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(inputs), targets)
        loss.backward()
        if scope:
            scope.measure(loss, accuracies=0.5, learning_rate=RATE, batch=(inputs, targets))
        optimizer.step()
        if scope:
            scope.step()
        kept.append(Kept(before, copy.deepcopy(network), inputs, targets, loss.item(), 0.5))
    return kept


@cache
def recorded(kind, norm, activation):
    """Train a network with everything measured at every step; return the recording and its reference."""
    network, sink, given = make(kind, norm, activation), Collecting(), batches(kind, STEPS)
    probe = batches(kind, STEPS + 1)[-1][0]
    with watch(
        {"net": network}, to=sink, probes="full", schedule=every(1), schedules=ALWAYS, probe_batch=probe,
        loss=nn.functional.cross_entropy, units=UNITS,
    ) as scope:  # fmt: skip
        kept = train(network, given, scope)
    return sink, Reference(kept, probe, RATE)


@pytest.mark.parametrize(("kind", "norm", "activation"), KINDS)
def test_every_number_is_what_it_is_called(kind, norm, activation):
    sink, reference = recorded(kind, norm, activation)
    for layout in sink.header.layouts:
        if layout.name == "evaluation":
            continue
        frames = sink.of(layout.name)
        assert [frame.step for frame in frames] == list(range(STEPS))
        for entry in layout.entries:
            for frame in frames:
                found = frame.row[entry.offset : entry.offset + entry.size].reshape(entry.shape).astype(np.float64)
                where = f"{entry.quantity} of {entry.layer} {entry.site} at step {frame.step}"
                if entry.quantity.removeprefix("unit_") in HISTOGRAMS:
                    continue
                check(reference, entry, frame.step, found, where)


def is_nothing_yet(entry, step):
    """Before the first step is over there is nothing that a cost could be a part of."""
    return entry.quantity == "percent" and step == 0


def check(reference, entry, step, found, where):
    if entry.quantity == "learning_rate":
        assert found == pytest.approx(RATE), where
        return
    expected = reference.expected(step, entry.quantity, entry.layer, entry.site)
    if expected is None:
        if is_nothing_yet(entry, step):
            assert np.isnan(found).all(), where
            return
        assert np.isfinite(found).all(), where
        assert (found >= 0).all(), where
        return
    value, tolerance = expected
    np.testing.assert_allclose(found, value, rtol=2e-3, atol=tolerance + 1e-6, err_msg=where)


@pytest.mark.parametrize(("kind", "norm", "activation"), KINDS)
def test_every_histogram_counts_its_values(kind, norm, activation):
    sink, reference = recorded(kind, norm, activation)
    checked = 0
    for entry in (entry for layout in sink.header.layouts for entry in layout.entries):
        layer, site, prefix = entry.layer, entry.site, entry.quantity.removesuffix("histogram")
        if prefix == entry.quantity:
            continue
        for step in range(STEPS):
            where = {"layer": layer, "site": site}
            fractions, edges, outside = (sink.values(prefix + name, **where)[step] for name in HISTOGRAMS)
            if prefix:
                all_values = reference.unit_values(step, layer, site)
            else:
                all_values = [reference.values(step, layer, site)]
                fractions, edges, outside = [fractions], [edges], [outside]
            for values, some, ends, out in zip(all_values, fractions, edges, outside, strict=True):
                check_histogram(values, some, ends.astype(np.float64), out)
                checked += 1
    assert checked > 10


def check_histogram(values, fractions, edges, outside):
    assert fractions.sum() + outside.sum() == pytest.approx(1, abs=1e-5)
    mean, _, sigma, low, high = brute.moments(values)
    width = edges[1] - edges[0]
    hair = 1e-4 * width + 1e-5 * max(abs(low), abs(high))
    if high - low > hair:
        assert edges[0] == pytest.approx(max(low, mean - 4 * sigma), abs=hair)
        assert edges[1] == pytest.approx(min(high, mean + 4 * sigma), abs=hair)
    reached = outside[0] + np.cumsum(fractions)
    for edge, fraction in zip(np.linspace(*edges, 65)[1:], reached, strict=True):
        assert brute.fraction_up_to(values, edge - hair) - 1e-5 <= fraction
        assert fraction <= brute.fraction_up_to(values, edge + hair) + 1e-5


def state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


NEEDS = {"schedule": every(1), "schedules": ALWAYS, "loss": nn.functional.cross_entropy}


@pytest.mark.parametrize("probe", [probe.name for probe in PROBES])
@pytest.mark.parametrize(("kind", "norm"), [("mlp", "none"), ("mlp", "before"), ("cnn", "after")])
def test_training_does_not_notice(probe, kind, norm):
    """Bit-identical weights, running statistics, random state; with dropout, which draws at each step."""

    def run(scope_of):
        network = nn.Sequential(make(kind, norm, "relu"), nn.Dropout(0.5))
        torch.manual_seed(5)
        scope = scope_of(network)
        given = batches(kind, 5)
        train(network, given, scope)
        if scope:
            scope.close()
        with torch.no_grad():
            network.eval()(given[0][0])
        return network, torch.get_rng_state()

    plain, random = run(lambda network: None)
    watched, random_watched = run(lambda network: watch(network, to=Collecting(), probes=[probe], **NEEDS))
    assert torch.equal(random, random_watched)
    assert plain.training == watched.training
    before, after = state(plain), state(watched)
    assert list(before) == list(after)
    for name, value in before.items():
        assert torch.equal(value, after[name]), name
    for one, other in zip(plain.modules(), watched.modules(), strict=True):
        assert one.training == other.training
        assert set(one.__dict__) == set(other.__dict__), "something stayed behind"


@pytest.mark.parametrize("probe", [probe.name for probe in PROBES])
def test_gradients_are_left_alone(probe):
    network = make("mlp", "before", "relu")
    (inputs, targets), = batches("mlp", 1)  # fmt: skip
    with watch(network, to=Collecting(), probes=[probe], **NEEDS) as scope:
        nn.functional.cross_entropy(network(inputs), targets).backward()
        gradients = {name: p.grad.clone() for name, p in network.named_parameters()}
        memory = {name: (p.data_ptr(), p.grad.data_ptr()) for name, p in network.named_parameters()}
        versions = {name: p._version for name, p in network.named_parameters()}
        scope.measure(learning_rate=RATE, batch=(inputs, targets))
        scope.step()
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter.grad, gradients[name])
        assert (parameter.data_ptr(), parameter.grad.data_ptr()) == memory[name]
        assert parameter._version == versions[name]


@pytest.mark.parametrize("probe", [probe.name for probe in PROBES])
@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_what_is_not_finite_is_recorded(probe, poison):
    """No probe fails, and a healthy layer's numbers stay right."""
    network, sink = make("mlp", "none", "relu"), Collecting()
    given = batches("mlp", 3)
    with watch(network, to=sink, probes=[probe], **NEEDS) as scope:
        train(network, given[:1], scope)
        with torch.no_grad():
            network[1].linear.weight[0, 0] = poison
        train(network, given[1:], scope)
    assert scope.diverged or probe in ("affine", "stages", "update_ratios", *STUDIES)
    healthy = [
        (layout, entry)
        for layout in sink.header.layouts
        for entry in layout.entries
        if entry.layer == "hidden 1" and entry.quantity in SITE_QUANTITIES
    ]
    for layout, entry in healthy:
        row = sink.of(layout.name)[1].row
        assert np.isfinite(row[entry.offset : entry.offset + entry.size]).all(), entry.quantity


@pytest.mark.parametrize("probe", [probe.name for probe in PROBES])
@pytest.mark.parametrize("size", [1, 0])
def test_a_batch_of_one_and_an_empty_one(probe, size):
    network, sink = make("mlp", "none", "tanh"), Collecting()
    with watch(network, to=sink, probes=[probe], **NEEDS) as scope:
        train(network, [(inputs[:size], targets[:size]) for inputs, targets in batches("mlp", 2)], scope)
    assert [frame.step for frame in sink.of("steps")] == [0, 1]


@pytest.mark.parametrize("probe", [probe.name for probe in PROBES])
def test_a_constant_layer(probe):
    """All weights zero: nothing varies, and nothing is divided by that."""
    network, sink = make("mlp", "before", "relu"), Collecting()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    with watch(network, to=sink, probes=[probe], **NEEDS) as scope:
        train(network, batches("mlp", 2), scope)
    for layout in sink.header.layouts:
        for entry in layout.entries:
            if layout.name != "evaluation" and entry.quantity not in ("update_ratio", "effective_smoothness"):
                for frame in sink.of(layout.name):
                    values = frame.row[entry.offset : entry.offset + entry.size]
                    assert np.isfinite(values).all() or is_nothing_yet(entry, frame.step), entry


def test_each_probe_records_what_it_declares():
    """And nothing else: docs/measures.md is made of the declarations."""
    for probe in PROBES:
        declared = {quantity.name: quantity for quantity in probe.quantities}
        found = set()
        for kind, norm, activation in (("mlp", "before", "relu"), ("cnn", "none", "sigmoid")):
            network, sink = make(kind, norm, activation), Collecting()
            with watch(network, to=sink, probes=[probe.name], **NEEDS) as scope:
                train(network, batches(kind, 1), scope)
            entries = [
                entry for layout in sink.header.layouts for entry in layout.entries
                if layout.name not in ("steps", "evaluation", "cost")
            ]  # fmt: skip
            found.update(entry.quantity for entry in entries)
            for entry in entries:
                assert entry.unit == declared[entry.quantity].unit
        assert found == set(declared), probe.name
