"""The norm of the whole gradient, before and after it is clipped."""

import numpy as np
import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.engine import network_watch
from shiftscope.testing.collecting import Collecting


@pytest.mark.parametrize("micro_batches", [1, 2])
def test_both_norms_are_those_that_clipping_finds_and_leaves(micro_batches):
    torch.manual_seed(0)
    net, sink, before, after = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), Collecting(), [], []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with shiftscope.watch(net, to=sink, optimizer=optimizer, probes=["clipping"], on_error="raise"):
        for limit in (1e-2, 1e9, 0.5):
            optimizer.zero_grad()
            for _ in range(micro_batches):
                net(torch.randn(8, 6)).square().sum().backward()
            before.append(nn.utils.clip_grad_norm_(net.parameters(), limit).item())
            after.append(min(before[-1], limit))
            optimizer.step()
    np.testing.assert_allclose(sink.values("unclipped_gradient_norm"), before, rtol=1e-5)
    np.testing.assert_allclose(sink.values("total_gradient_norm"), after, rtol=1e-4)


def test_of_gradients_of_several_types_the_widest_counts():
    torch.manual_seed(0)
    net, sink = nn.ModuleList([nn.Linear(6, 5).double(), nn.Linear(5, 2), nn.Linear(2, 2).bfloat16()]), Collecting()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with shiftscope.watch(net, to=sink, optimizer=optimizer, probes=["clipping"], on_error="raise"):
        values = net[1](net[0](torch.randn(8, 6, dtype=torch.float64)).float())
        net[2](values.bfloat16()).square().sum().backward()
        expected = torch.stack([one.grad.double().norm() for one in net.parameters()]).norm().item()
        optimizer.step()
    np.testing.assert_allclose(sink.values("unclipped_gradient_norm"), expected, rtol=1e-5)


def test_a_norm_that_fails_stops_its_probe_alone(monkeypatch):
    def broken(*_):
        raise RuntimeError("not of this type")

    monkeypatch.setattr(network_watch, "total_norm", broken)
    net, sink = nn.Linear(4, 2), Collecting()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with shiftscope.watch(net, to=sink, optimizer=optimizer, probes="full"):
        with pytest.warns(RuntimeWarning, match="clipping"):
            net(torch.randn(3, 4)).sum().backward()
        optimizer.step()
    assert np.isfinite(sink.values("gradient_norm", layer="Linear", site="weight")).all()
