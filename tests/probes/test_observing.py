"""Probes that are a function of a site's values: recorded, and harmless whatever they do."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.engine.schedules import every
from shiftscope.probe import Quantity
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from tests.probes.own import (
    LARGEST,
    assert_alike,
    largest,
    observing,
    train,
    unwatched,
)


def test_a_function_of_the_values_is_recorded():
    _, sink = train([observing(largest, observed=("pre_activation", "output"))], steps=1)
    network, inputs = networks.mlp(), torch.randn(16, 6, generator=torch.Generator().manual_seed(0))
    expected = networks.sites(network, inputs)
    places = {(entry.layer, entry.site) for entry in sink.layout("own").entries}
    hidden = {(layer, site) for layer in ("hidden 1", "hidden 2") for site in ("pre_activation", "output")}
    assert places == hidden | {("output", "output")}
    for layer, site in places:
        found = sink.values("largest", layer=layer, site=site)[0]
        assert found == pytest.approx(np.abs(expected[layer][site]).max(), rel=1e-5)


def test_several_quantities_of_any_shape():
    quantities = (LARGEST, Quantity("columns", "1", "mean of each column", shape="(units,)"))

    def both(values):
        return {"columns": values.mean(0).numpy(), "largest": largest(values)}

    _, sink = train([observing(both, quantities=quantities)])
    assert sink.values("columns", layer="hidden 1").shape == (4, 5)
    assert sink.values("columns", layer="output").shape == (4, 3)
    means = np.abs(sink.values("columns", layer="output")).max(1)
    assert (means < sink.values("largest", layer="output")).all()


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.act, self.out = nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3)

    def forward(self, x):
        for _ in range(3):
            x = self.act(self.cell(x))
        return self.out(x)


def test_a_layer_that_is_used_three_times_is_observed_each_time():
    sizes = []

    def size(values):
        sizes.append(len(values))
        return len(values)

    _, sink = train([observing(size)], network=Recurrent())
    assert sink.values("largest", layer="cell").tolist() == [16] * 4
    assert set(sizes) == {16}


def test_it_runs_only_when_its_stream_is_due():
    calls = []
    network, sink = networks.mlp(), Collecting()

    def count(values):
        calls.append(values)
        return 0.0

    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    own = observing(count, share=0.5)
    with shiftscope.watch(network, optimizer=optimizer, to=sink, probes=[own], schedule=every(1)):
        for _ in range(4):
            network(torch.randn(4, 6)).sum().backward()
            optimizer.step()
    assert [frame.step for frame in sink.of("own")] == [0, 2]
    # Three layers: once to find the shapes, once for each frame.
    assert len(calls) == 9


def spoils_its_copy(values):
    values.zero_()
    return 0.0


def draws_random_numbers(values):
    return float(torch.rand(()) + np.random.random() + random.random())


@pytest.mark.parametrize("function", [spoils_its_copy, draws_random_numbers])
def test_what_a_function_does_is_not_noticed(function):
    random.seed(0)
    np.random.seed(0)
    before = random.getstate(), np.random.get_state()[1].tolist()
    network, sink = train([observing(function)])
    assert_alike(network, unwatched())
    assert len(sink.of("own")) == 4
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


class Failing:
    """Fails from the n-th call on."""

    def __init__(self, calls, error):
        self.left, self.error = calls, error

    def __call__(self, values):
        self.left -= 1
        if self.left < 0:
            raise self.error
        return 1.0


@pytest.mark.parametrize("calls", [0, 2, 3, 8])
def test_an_error_in_a_function_is_a_warning_and_the_training_goes_on(calls):
    own = observing(Failing(calls, ZeroDivisionError("by nothing")))
    with pytest.warns(RuntimeWarning, match="the probe 'own' failed.*by nothing") as warned:
        network, sink = train(["essential", own])
    assert len(warned) == 1
    assert_alike(network, unwatched())
    assert len(sink.of("layers")) == 4
    assert {event.kind for event in sink.events} == {"note"}
    assert all("ZeroDivisionError: by nothing" in event.message for event in sink.events)
    assert "the probe 'own' failed and measures no more;" in sink.events[-1].message
    if calls < 3:
        assert "own" not in {layout.name for layout in sink.header.layouts}
    else:
        # It fails at the last layer of step 1, and at the first of step 2.
        assert len(sink.of("own")) == {3: 0, 8: 2}[calls]


def test_a_shape_that_changes():
    network, sink = networks.mlp(), Collecting()
    scope = shiftscope.watch(network, to=sink, probes=[observing(lambda values: values)], schedule=every(1))

    def step(size):
        network(torch.randn(size, 6)).sum().backward()
        scope.measure()
        scope.step()

    for _ in range(3):
        step(16)
    with pytest.warns(RuntimeWarning, match=r"it returned \(12, 5\) where it had returned \(16, 5\) at first"):
        step(12)
    assert [frame.step for frame in sink.of("own")] == [0, 1, 2]


def test_a_mapping_that_does_not_fit():
    with pytest.warns(RuntimeWarning, match="it returned larges where it declares largest"):
        train([observing(lambda values: {"larges": 1.0})])
    two = (LARGEST, Quantity("other", "1", "x"))
    with pytest.warns(RuntimeWarning, match="it has to return a mapping with a value for each"):
        train([observing(lambda values: 1.0, quantities=two)])
