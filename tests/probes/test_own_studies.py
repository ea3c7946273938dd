"""Studies of a user's own: harmless whatever they do."""

import copy

import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.probe import Inputs, LossEvaluator, Need, Study
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from tests.probes.own import (
    LARGEST,
    assert_alike,
    change_weights,
    study,
    studying,
    train,
    unwatched,
)


def fail(*_):
    raise ZeroDivisionError("by nothing")


@pytest.mark.parametrize("where", ["set_up", "before", "after"])
def test_an_error_in_a_study_is_a_warning_and_the_training_goes_on(where):
    with pytest.warns(RuntimeWarning, match="the probe 'own' failed") as warned:
        network, sink = train(["drift", studying(study(**{where: fail}))])
    assert len(warned) == 1
    assert_alike(network, unwatched())
    names = {layout.name for layout in sink.header.layouts}
    assert ("own" in names) == (where != "set_up")
    assert "own" not in names or not sink.of("own")
    assert sink.of("drift")


def replace_memory(network, step):
    network[0].linear.weight.data = torch.zeros(5, 6)


def change_gradients(network, step):
    network[0].linear.weight.grad.mul_(2)
    network[0].linear.bias.grad = None


def change_statistics(network, step):
    network[0].norm.running_mean.add_(1)


def change_modes(network, step):
    network.eval()


def change_the_batch(network, step):
    step.inputs.zero_()


def run_the_network(network, step):
    network(step.inputs)


@pytest.mark.parametrize(
    "harm",
    [
        change_weights, replace_memory, change_gradients, change_statistics, change_modes, change_the_batch,
        run_the_network,
    ],
)  # fmt: skip
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_study_changes_is_its_own(harm, when):
    network, sink = train([studying(study(**{when: harm}))])
    assert_alike(network, unwatched())
    assert len(sink.of("own")) == 4


def test_a_study_finds_the_network_as_it_is_each_time():
    found = []

    def spoil(network, step):
        found.append(network[0].linear.weight.detach().clone())
        change_weights(network, step)

    network, _ = train([studying(study(after=spoil))])
    assert torch.equal(found[-1], network[0].linear.weight)


def test_random_numbers_that_a_study_draws_are_its_own():
    network, sink = train([studying(study(before=lambda network, step: torch.rand(5)))])
    assert_alike(network, unwatched())
    assert len(sink.of("own")) == 4


def test_the_loss_elsewhere():
    """LossEvaluator and a batch of one's own."""
    inputs, targets = torch.randn(8, 6), torch.randint(3, (8,))

    class Elsewhere(Study):
        def __init__(self, setup):
            self.evaluator, self.place = LossEvaluator(setup), setup.add(LARGEST)

        def after(self, step, row):
            there = step._replace(given=Inputs.given(inputs), targets=targets)
            with self.evaluator(()):
                row.write(self.place, self.evaluator.loss(self.evaluator.outputs(there), there).item())

    network, sink = train([studying(Elsewhere, needs=frozenset({Need.LOSS}))])
    assert_alike(network, unwatched())
    expected = nn.functional.cross_entropy(copy.deepcopy(network)(inputs), targets).item()
    assert sink.values("largest")[-1] == pytest.approx(expected, rel=1e-5)


def test_without_a_learning_rate_a_study_that_needs_it_is_left_out():
    network, sink = networks.mlp(), Collecting()
    own = studying(study(), needs=frozenset({Need.LEARNING_RATE}))
    with shiftscope.watch(network, to=sink, probes=["essential", own]) as scope:
        network(torch.randn(8, 6)).sum().backward()
        scope.measure()
        scope.step()
    assert "own" not in {layout.name for layout in sink.header.layouts}
