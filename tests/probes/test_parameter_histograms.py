"""The values of parameters and of gradients, counted as numpy counts them."""

import numpy as np
import torch
from torch import nn

import shiftscope
from shiftscope.kernels import tensor_memory
from shiftscope.probes.parameter_histograms import WHOLE, histogram
from shiftscope.recording.counts import CountFinder
from shiftscope.testing.collecting import Collecting

EVERY = {"parameters": shiftscope.every(1)}


def test_they_are_those_that_the_update_finds_as_counts():
    torch.manual_seed(0)
    net, sink, expected = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), Collecting(), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    every = {"parameters": shiftscope.every(1)}
    with shiftscope.watch(net, to=sink, optimizer=optimizer, probes=["parameter_histograms"], schedules=every,
                          on_error="raise"):  # fmt: skip
        for _ in range(3):
            optimizer.zero_grad()
            net(torch.randn(8, 6)).square().sum().backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            weight = net[0].weight
            expected.append((weight.detach().clone().numpy(), weight.grad.clone().numpy()))
            optimizer.step()
    for at, name in enumerate(("parameter_histogram", "gradient_histogram")):
        found = sink.values(name, layer="0", site="weight")
        edges = sink.values(f"{name}_range", layer="0", site="weight")
        for step, kept in enumerate(expected):
            values = kept[at].astype(np.float64)
            counts = np.histogram(values, 64, (values.min(), values.max()))[0]
            np.testing.assert_array_equal(found[step], (counts / values.size).astype(np.float32))
            np.testing.assert_array_equal(edges[step], [kept[at].min(), kept[at].max()])
    layout = sink.layout("parameters")
    rows = np.stack([frame.row for frame in sink.of("parameters")]).view(np.uint32)
    groups, _ = CountFinder(layout).find(rows)
    assert len(groups) == sum(entry.size == 64 for entry in layout.entries)


def test_values_that_are_alike_or_no_numbers():
    alike = histogram(np.full(10, 3.0))
    assert alike[:64].max() == 1
    assert alike[64] < 3 < alike[65]
    assert np.isnan(histogram(np.array([np.nan, np.inf]))).all()
    assert histogram(np.array([0.0, 1.0, np.nan]))[[0, 63]].tolist() == [0.5, 0.5]


def test_of_many_values_a_part_is_counted():
    big, sink = nn.Linear(1, 3 * WHOLE, bias=False), Collecting()
    with shiftscope.watch(big, to=sink, probes=["parameter_histograms"], on_error="raise") as scope:
        big(torch.ones(1, 1)).sum().backward()
        scope.measure()
        scope.step()
    found = sink.values("parameter_histogram", layer="Linear", site="weight")[0]
    values = big.weight.detach().numpy().astype(np.float64)
    counts = np.histogram(values, 64, (values.min(), values.max()))[0] / values.size
    np.testing.assert_allclose(found, counts, atol=2e-3)
    assert (found * WHOLE == np.rint(found * WHOLE)).all()


def test_a_gradient_that_cannot_be_read_leaves_the_others_alone(monkeypatch):
    monkeypatch.setattr(tensor_memory, "MOST_FILLED_IN", 100)
    net, sink = nn.Sequential(nn.Embedding(40, 4, sparse=True), nn.Flatten(), nn.Linear(8, 2)), Collecting()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with shiftscope.watch(net, to=sink, optimizer=optimizer, probes=["parameter_histograms"], schedules=EVERY,
                          on_error="raise"):  # fmt: skip
        net(torch.zeros(3, 2, dtype=torch.long)).sum().backward()
        optimizer.step()
    assert np.isnan(sink.values("gradient_histogram", layer="0", site="weight")).all()
    assert np.isfinite(sink.values("parameter_histogram", layer="0", site="weight")).all()
    assert np.isfinite(sink.values("gradient_histogram", layer="2", site="weight")).all()


def watched(net, sink, **more):
    return shiftscope.watch(net, to=sink, probes=["parameter_histograms"], schedules=EVERY, on_error="raise", **more)


def edges(sink, name, layer="0"):
    return sink.values(f"{name}_histogram_range", layer=layer, site="weight")


def limits(tensor):
    return [tensor.min().item(), tensor.max().item()]


def test_gradients_are_without_the_scale_that_a_fused_optimizer_takes_off_inside():
    torch.manual_seed(0)
    net, sink = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 2)), Collecting()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with watched(net, sink, optimizer=optimizer):
        scaler.scale(net(torch.randn(8, 6)).square().mean()).backward()
        expected = limits(net[0].weight.grad / 1024)
        scaler.step(optimizer)
    np.testing.assert_allclose(edges(sink, "gradient")[0], expected, rtol=1e-6)


def test_of_an_optimizer_that_steps_in_the_backward_pass_it_is_what_it_has_used():
    torch.manual_seed(0)
    net, sink, expected = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 2)), Collecting(), []
    optimizers = {one: torch.optim.SGD([one], lr=0.5) for one in net.parameters()}

    def step(parameter):
        if parameter is net[0].weight:
            expected.append(limits(parameter) + limits(parameter.grad))
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for one in net.parameters():
        one.register_post_accumulate_grad_hook(step)
    with watched(net, sink):
        for _ in range(3):
            net(torch.randn(8, 6)).square().mean().backward()
    found = np.concatenate((edges(sink, "parameter"), edges(sink, "gradient")), axis=1)
    np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-6)
    assert len(found) >= 2


def test_a_gradient_that_another_optimizer_has_used_is_none_of_this_update():
    torch.manual_seed(0)
    net, sink = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 2)), Collecting()
    first, second = (torch.optim.SGD(one.parameters(), lr=0.1) for one in net)
    with watched(net, sink):
        for _ in range(2):
            first.zero_grad()
            net(torch.randn(8, 6)).square().mean().backward()
            first.step()
            second.zero_grad()
            net[1](net[0](torch.randn(8, 6)).detach()).square().mean().backward()
            second.step()
    at = sink.of("parameters")
    assert np.isfinite(edges(sink, "gradient", "1")).all()
    assert np.isnan(edges(sink, "gradient")).any(axis=1).tolist() == [False, True] * (len(at) // 2)
