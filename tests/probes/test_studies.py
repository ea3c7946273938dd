"""Studies on networks and losses that are not the plain case."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from shiftscope.engine.schedules import at, every, never
from shiftscope.scope import watch
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from shiftscope.tracing.segments import segments

RATE = 0.2


class Wrapped(nn.Module):
    """The same network as a module that is no chain to look at."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)


class Noisy(nn.BatchNorm1d):
    """Draws random numbers in train mode."""

    def forward(self, x):
        z = super().forward(x)
        return z + torch.randn_like(z) if self.training else z


def batch(size=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, 6, generator=generator), torch.randint(3, (size,), generator=generator)


def run(network, *, loss=functional.cross_entropy, scale=1.0, clip=None, steps=2, probes="full", **more):
    sink = Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    inputs, targets = batch()
    always = dict.fromkeys(("drift", "gradient_shift", "sampling_shift", "landscape"), every(1))
    with watch(
        {"net": network},
        to=sink,
        schedule=every(1),
        schedules=always,
        loss=loss,
        probes=probes,
        probe_batch=inputs,
        **more,
    ) as scope:
        for _ in range(steps):
            optimizer.zero_grad()
            value = loss(network(inputs), targets)
            (scale * value).backward()
            if clip:
                nn.utils.clip_grad_norm_(network.parameters(), clip)
            scope.measure(value, learning_rate=RATE, batch=(inputs, targets))
            optimizer.step()
            scope.step()
    return sink


def shift(sink):
    return {
        (entry.layer.removeprefix("inner."), entry.quantity): sink.values(entry.quantity, layer=entry.layer)
        for entry in sink.layout("gradient_shift").entries
    }


def test_with_and_without_a_chain_it_is_the_same():
    chain, other = networks.mlp((6, 5, 4, 3)), Wrapped(networks.mlp((6, 5, 4, 3)))
    one, two = shift(run(chain)), shift(run(other))
    assert set(one) == set(two)
    for key, values in one.items():
        np.testing.assert_allclose(values, two[key], rtol=1e-4, atol=1e-7)
    assert one["hidden 1", "l2"].tolist() == [0, 0]
    assert (one["hidden 2", "l2"] > 0).all()


@pytest.mark.parametrize("change", ["dropout", "scaled loss", "clipped"])
def test_gradients_that_are_not_the_losss_are_computed_anew(change):
    """What training put at the parameters is then no measure: G and G' are of the same kind."""
    plain, network = networks.mlp(norm=False), networks.mlp(norm=False)
    options = {}
    if change == "dropout":
        network = nn.Sequential(*network.children(), nn.Dropout(0.0))
        network[-1].p = 0.5
    elif change == "scaled loss":
        options = {"scale": 1000.0}
    else:
        options = {"clip": 1e-3}
    expected, found = shift(run(plain, steps=1)), shift(run(network, steps=1, **options))
    first = next(iter(found.values()))
    assert first.tolist() == [0]
    cosines = [values[0] for (_, quantity), values in found.items() if quantity == "cosine"]
    assert cosines[0] == 1
    assert all(-1 <= cosine <= 1 for cosine in cosines)
    if change == "clipped":
        # Steps are a thousandth of what they were: so is the shift.
        key = ("output", "l2")
        assert found[key][0] < 0.1 * expected[key][0]


def test_noise_is_no_shift():
    """A normalization that draws random numbers draws the same ones in each pass that is compared."""
    network = networks.mlp()
    for block in (network[0], network[1]):
        noisy = Noisy(block.norm.num_features)
        block.norm = noisy
    sink = Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.0)
    inputs, targets = batch()
    torch.manual_seed(3)
    with watch(network, to=sink, schedules={"gradient_shift": every(1)}, loss=functional.cross_entropy) as scope:
        for _ in range(2):
            optimizer.zero_grad()
            functional.cross_entropy(network(inputs), targets).backward()
            scope.measure(batch=(inputs, targets))
            optimizer.step()
            scope.step()
    for key, values in shift(sink).items():
        np.testing.assert_allclose(values, 0 if key[1] == "l2" else 1, atol=1e-6)


def test_shared_weights_are_one_layer():
    network = networks.mlp((4, 4, 4, 3))
    network[1].linear.weight, network[1].linear.bias = network[0].linear.weight, network[0].linear.bias
    sink, optimizer = Collecting(), torch.optim.SGD(network.parameters(), lr=RATE)
    inputs, targets = torch.randn(8, 4), torch.randint(3, (8,))
    with watch(network, to=sink, loss=functional.cross_entropy) as scope:
        functional.cross_entropy(network(inputs), targets).backward()
        scope.measure(batch=(inputs, targets))
        optimizer.step()
        scope.step()
    layers = [entry.layer for entry in sink.layout("gradient_shift").entries if entry.quantity == "l2"]
    assert layers == ["hidden 1", "output"]


def test_chains():
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    cut = segments(flat, [flat[1], flat[4]])
    assert cut == [[flat[0], flat[1], flat[2], flat[3]], [flat[4]]]
    nested = networks.mlp()
    cut = segments(nested, [block.linear for block in nested.children()])
    assert [len(segment) for segment in cut] == [3, 3, 1]
    assert segments(Wrapped(flat), [flat[1], flat[4]]) is None
    assert segments(nn.Sequential(Wrapped(flat)), [flat[1], flat[4]]) is None
    assert segments(flat, [flat[4], flat[1]]) is None


def test_the_drift_of_a_network_that_stands_still_is_zero():
    network = networks.mlp()
    sink = Collecting()
    inputs, _ = batch()
    with watch(network, to=sink, schedules={"drift": every(1)}, probe_batch=inputs) as scope:
        for _ in range(3):
            network(inputs).sum().backward()
            scope.measure()
            scope.step()
    for entry in sink.layout("drift").entries:
        if entry.quantity != "dead_fraction":
            values = sink.values(entry.quantity, layer=entry.layer)
            np.testing.assert_allclose(values, 0, atol=1e-12, err_msg=entry.quantity)


class Late(nn.Module):
    """Residual blocks of which the first ones run later."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(6, 6), nn.Linear(6, 3)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(6, 6), nn.ReLU()) for _ in range(3))
        self.late = True

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks[2 * self.late :]:
            x = x + block(x)
        return self.head(x)


def test_each_layer_goes_on_with_its_own_start_where_others_come_before_it():
    torch.manual_seed(0)
    network, sink = Late(), Collecting()
    inputs, _ = batch()
    schedules = dict.fromkeys(("drift", "input_cloud"), every(1))
    with watch(network, to=sink, schedule=every(1), schedules=schedules, probe_batch=inputs, on_error="raise") as scope:
        for step in range(6):
            network.late = step < 2
            if step >= 2:  # what is given to the blocks that ran from the first step on stays the same
                for parameter in network.blocks[:2].parameters():
                    nn.init.zeros_(parameter)
            network(inputs).sum().backward()
            scope.measure()
            scope.step()
    layers = [layer.name for layer in sink.header.networks[0].layers]
    assert layers == ["first", "blocks.0", "sum 2", "blocks.1", "sum 3", "blocks.2", "sum", "head"]
    for name in ("first", "blocks.2", "sum", "head"):
        found = sink.values("wasserstein_over_sigma_from_start", layer=name)
        np.testing.assert_allclose(found, 0, atol=1e-12, err_msg=name)
    for name in ("blocks.2", "head"):
        np.testing.assert_allclose(sink.values("input_centroid", layer=name), 0, atol=1e-6, err_msg=name)
    late = sink.values("wasserstein_over_sigma_from_start", layer="blocks.1", site="pre_activation")
    np.testing.assert_array_equal(late, 0)


def test_a_layer_that_dies_does_not_explode():
    """Sigma is taken to be at least a hundredth of the first."""
    network = networks.mlp(norm=False, activation="sigmoid")
    sink = Collecting()
    inputs, _ = batch()
    with watch(network, to=sink, schedules={"drift": every(1)}, probe_batch=inputs) as scope:
        for step in range(3):
            network(inputs).sum().backward()
            scope.measure()
            with torch.no_grad():
                network[0].linear.weight.mul_(0 if step == 0 else 1)
                network[0].linear.bias.add_(1)
            scope.step()
    first = networks.sites(networks.mlp(norm=False, activation="sigmoid"), inputs)["hidden 1"]["pre_activation"]
    found = sink.values("unit_mean_shift_from_previous", layer="hidden 1")
    assert found[2] == pytest.approx((1 / (0.01 * first.std(axis=0))).mean(), rel=1e-3)
    assert np.isfinite(sink.values("gaussian_kl_from_start", layer="hidden 1")).all()


def test_large_layers_are_sampled_alike_each_time():
    network = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 64 * 64, 2))
    inputs = torch.randn(16, 1, 64, 64)
    sink = Collecting()
    with watch(network, to=sink, schedules={"drift": every(1)}, probe_batch=inputs) as scope:
        for step in range(2):
            network(inputs).sum().backward()
            scope.measure()
            with torch.no_grad():
                network[0].bias += 0.5 * (step == 0)
            scope.step()
    values = network[0](inputs).detach()
    assert sink.values("wasserstein_from_start", layer="0")[1] == pytest.approx(0.5, abs=1e-5)
    assert sink.values("unit_mean_shift_from_start", layer="0")[1] == pytest.approx(
        (0.5 / values.std((0, 2, 3), correction=0)).mean().item(), rel=0.05
    )


def test_what_needs_a_loss_says_so():
    with pytest.raises(ValueError, match="gradient_shift cannot be measured without `loss`"):
        watch(networks.mlp(), to=Collecting(), probes=["gradient_shift"])
    sink = run(networks.mlp(), probes="standard", total_steps=2)
    assert sink.of("gradient_shift")
    with pytest.raises(ValueError, match="no stream 'loss_surface'"):
        watch(networks.mlp(), to=Collecting(), schedules={"loss_surface": never()})


def test_each_study_has_its_own_steps():
    sink = Collecting()
    network = networks.mlp()
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    inputs, targets = batch()
    own = {"drift": at(1, 4), "gradient_shift": at(2), "sampling_shift": never()}
    with watch(
        network, to=sink, schedule=at(0, 3), schedules=own, loss=functional.cross_entropy, probe_batch=inputs
    ) as scope:
        for _ in range(6):
            optimizer.zero_grad()
            functional.cross_entropy(network(inputs), targets).backward()
            scope.measure(batch=(inputs, targets))
            optimizer.step()
            scope.step()
    steps = {name: [frame.step for frame in sink.of(name)] for name in ("layers", "drift", "gradient_shift")}
    assert steps == {"layers": [0, 3], "drift": [1, 4], "gradient_shift": [2]}
    assert not sink.of("sampling_shift")
