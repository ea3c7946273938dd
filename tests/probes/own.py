"""Probes of a user's own, and trainings with and without them."""

import torch
from torch import nn

import shiftscope
from shiftscope.engine.schedules import every
from shiftscope.probe import Probe, Quantity, Study
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting

LARGEST = Quantity("largest", "1", "max |x|")


def observing(function, name="own", quantities=(LARGEST,), **more):
    return Probe(name, "of the user's own", quantities, observe=function, **more)


def studying(study, name="own", **more):
    return Probe(name, "of the user's own", (LARGEST,), study=study, **more)


def largest(values):
    return values.abs().max() if values.numel() else 0.0


def train(probes, steps=4, network=None, **options):
    network = network or networks.mlp()
    options.setdefault("probe_batch", torch.randn(16, 6))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    sink = Collecting()
    torch.manual_seed(0)
    always = {probe.stream: every(1) for probe in probes if isinstance(probe, Probe)}
    scope = shiftscope.watch(
        {"net": network}, to=sink, probes=probes, schedule=every(1), schedules=always, loss=nn.functional.cross_entropy,
        optimizer=optimizer, **options,
    )  # fmt: skip
    with scope:
        for _ in range(steps):
            inputs, targets = torch.randn(16, 6), torch.randint(3, (16,))
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(inputs), targets).backward()
            scope.measure(learning_rate=0.1, batch=(inputs, targets))
            optimizer.step()
            scope.step()
    return network, sink


def unwatched(steps=4):
    network = networks.mlp()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    torch.manual_seed(0)
    for _ in range(steps):
        inputs, targets = torch.randn(16, 6), torch.randint(3, (16,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), targets).backward()
        optimizer.step()
    return network


def assert_alike(one, other):
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def study(before=None, after=None, set_up=None):
    class Own(Study):
        def __init__(self, setup):
            if set_up:
                set_up(setup)
            self.network, self.place = setup.network.module, setup.add(LARGEST)

        def before(self, step, row):
            row.write(self.place, 1.0)
            if before:
                before(self.network, step)

        def after(self, step, row):
            if after:
                after(self.network, step)

    return Own


def change_weights(network, step):
    with torch.no_grad():
        next(network.parameters()).add_(1)
