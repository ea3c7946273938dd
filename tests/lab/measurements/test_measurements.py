"""What measures for the verdicts: it disturbs nothing, and it is right where the answer is known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from shiftscope.config import (
    BatchNormalization,
    ClipByNorm,
    Digits,
    Mlp,
    NoisyBatchNormalization,
    NoNormalization,
    RunConfig,
    Sgd,
    Steps,
    Variant,
)
from shiftscope.experiments.catalogue import CLAIMS, catalogue
from shiftscope.lab.data.datasets import load
from shiftscope.lab.measurements import measuring_of
from shiftscope.lab.measurements.activations import at_layers, normalized
from shiftscope.lab.measurements.base import Measuring
from shiftscope.lab.measurements.landscape import along_gradient, gradient_shift
from shiftscope.lab.measurements.shift import SamplingShift, drift, rank_correlation
from shiftscope.lab.measurements.surface import LossSurface
from shiftscope.lab.training.loop import StepResult, Training
from shiftscope.runs.controls import Controls
from shiftscope.runs.train import train
from tests.probes.collecting import Collecting

DATA = load(Digits(), Path(), lambda *_: None)


def tiny(config: RunConfig, steps: int = 7) -> RunConfig:
    """The same on few samples of a small data set, and for a few steps."""
    dataset = config.dataset if isinstance(config.dataset, Digits) else Digits()
    return config.model_copy(update={"duration": Steps(steps=steps), "dataset": dataset})


class Sink(Collecting):
    """Keeps what was measured."""

    measured: dict[str, float] | None = None

    def event(self, kind, step, message, *, network="", layer="", value=None):
        if kind == "measured":
            self.measured = {name: float(figure) for name, figure in value["figures"].items()}


def trained(config: RunConfig, follow) -> tuple[dict, Sink]:
    """Train through the scope and return the networks' states."""
    sink, seen = Sink(), []

    class Kept(follow):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            seen.append(self.training)

    train(config, sink, datasets=Path(), controls=Controls(), tell=lambda *_: None, follow=Kept)
    (training,) = seen
    return {name: network.state_dict() for name, network in training.networks.items()}, sink


@pytest.mark.parametrize("experiment", catalogue(), ids=lambda one: one.id)
def test_measuring_disturbs_nothing(experiment):
    config = tiny(experiment.runs[0].config)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    unmeasured, _ = trained(config, Measuring)
    measured, _ = trained(config, measuring_of(experiment.id))
    assert torch.equal(before, torch.get_rng_state())
    for name, state in unmeasured.items():
        for key, value in state.items():
            torch.testing.assert_close(value, measured[name][key], rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.experiment.id)
def test_what_is_measured_is_what_the_verdict_needs(claim):
    measured = {}
    for run in claim.experiment.runs:
        _, sink = trained(tiny(run.config, steps=2), measuring_of(claim.experiment.id))
        assert sink.measured is not None
        measured[run.label] = [sink.measured]
    assert claim.judge(measured).table.rows


def test_drift_of_what_moved_by_two_standard_deviations():
    values = torch.randn(1000, 3, dtype=torch.float64)
    assert drift(values, values + 2 * values.std(dim=0, correction=0)) == pytest.approx(2)
    assert drift(values, values[torch.randperm(1000)]) == 0


def test_rank_correlation():
    assert rank_correlation([0.1, 0.2, 5.0]) == pytest.approx(1)
    assert rank_correlation([3.0, 2.0, 1.0]) == pytest.approx(-1)
    assert math.isnan(rank_correlation([1.0, math.nan, 2.0]))


def config(**more) -> RunConfig:
    variants = (
        Variant(name="without BN", normalization=NoNormalization()),
        Variant(name="with BN", normalization=BatchNormalization()),
    )
    settings = {"network": Mlp(depth=2, width=8), "variants": variants, "duration": Steps(steps=5), "batch_size": 16}
    return RunConfig(**settings | more)


def test_values_at_layers_are_those_of_a_forward_pass():
    training = Training(config(), DATA)
    network, inputs = training.networks["with BN"], training.probe_batch
    block = dict(network.named_children())["hidden 1"]
    linear = block.linear(inputs).detach()
    found = at_layers(network, inputs)
    assert list(found) == ["hidden 1", "hidden 2"]
    assert torch.equal(at_layers(network, inputs, "linear")["hidden 1"], linear)
    expected = (linear - linear.mean(0)) / torch.sqrt(linear.var(0, correction=0) + 1e-5)
    assert torch.allclose(found["hidden 1"], expected, atol=1e-5)
    assert torch.equal(normalized(network, inputs, "hidden 1"), found["hidden 1"])
    assert block.norm.num_batches_tracked == 0


def batch_of(training: Training) -> StepResult:
    result = training.compute()
    training.update()
    return result


@pytest.mark.parametrize("kind", [NoNormalization, BatchNormalization])
def test_gradient_shift_is_that_of_the_definition(kind):
    options = config(variants=(Variant(name="net", normalization=kind()),), optimizer=Sgd(learning_rate=0.5))
    training = Training(options, DATA)
    measuring = Measuring(options, training, DATA)
    before = measuring.copy("net")
    batch = batch_of(training)
    after = measuring.copy("net")
    distances = []
    for place, layer in enumerate(("hidden 1", "hidden 2", "output")):
        gradients = []
        for earlier in (0, place):
            mixed = measuring.copy("net")
            for index, (old, new, own) in enumerate(zip(before, after, mixed, strict=True)):
                own.load_state_dict((new if index < earlier else old).state_dict())
            functional.cross_entropy(mixed(batch.inputs), batch.labels).backward()
            gradients.append(dict(mixed.named_children())[layer].linear.weight.grad)
        distances.append((gradients[0] - gradients[1]).norm().item())
    assert distances[0] == 0
    found = gradient_shift(before, after, batch)["gradient_shift"]
    assert found == pytest.approx(sum(distances[1:]) / 2, rel=1e-4)
    assert found > 0


def test_noise_is_the_same_in_each_gradient_of_a_shift():
    options = config(variants=(Variant(name="net", normalization=NoisyBatchNormalization()),))
    training = Training(options, DATA)
    network = Measuring(options, training, DATA).copy("net")
    assert gradient_shift(network, network, batch_of(training))["gradient_shift"] == 0


def test_along_the_gradient_of_a_linear_softmax():
    network = nn.Sequential(nn.Linear(4, 3, bias=False)).double()
    inputs, labels = torch.randn(6, 4, dtype=torch.float64), torch.randint(3, (6,))
    loss = functional.cross_entropy(network(inputs), labels)
    (gradient,) = torch.autograd.grad(loss, list(network.parameters()))
    losses, changes = [loss.item()], []
    for step in (0.05, 0.1, 0.2, 0.4):
        weight = (network[0].weight - step * gradient).detach().requires_grad_()
        there = functional.cross_entropy(inputs @ weight.T, labels)
        (other,) = torch.autograd.grad(there, [weight])
        losses.append(there.item())
        changes.append((other - gradient).norm().item())
    batch = StepResult(inputs, labels, {}, {})
    with torch.random.fork_rng():
        found = along_gradient(network, batch, 0.1)
    assert found["variation"] == pytest.approx(max(losses) - min(losses))
    assert found["predictiveness"] == pytest.approx(max(changes))


def test_sampling_shift_of_independent_draws_is_one():
    options = config(batch_size=8)
    found = SamplingShift(options, Training(options, DATA), DATA)
    assert found._at_start["without BN"] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("scaling", ["raw", "standardized"])
def test_the_surface_is_the_loss_and_its_path_goes_down(scaling):
    options = config(dataset=Digits(scaling=scaling))
    surface = LossSurface(options, Training(options, DATA), DATA)
    drawn = surface.data()["surface"]
    inputs, targets = surface._people()

    def loss(w1, w2):
        return 0.5 * (inputs @ torch.tensor([w1, w2], dtype=torch.float64) - targets).square().mean().item()

    assert drawn["loss"][3][7] == pytest.approx(loss(drawn["w1"][7], drawn["w2"][3]))
    lowest = loss(*drawn["lowest"])
    assert lowest <= min(min(row) for row in drawn["loss"])
    along = [loss(*point) - lowest for point in drawn["path"]]
    assert along[0] == pytest.approx(1)
    assert along == sorted(along, reverse=True)
    assert along[-1] <= 0.01


def test_the_gradient_is_measured_before_it_is_clipped():
    options = config(clipping=ClipByNorm(limit=1e-6), optimizer=Sgd(learning_rate=0.1))
    training = Training(options, DATA)
    measuring = measuring_of("recurrent")(options, training, DATA)
    measuring.evaluated(training.evaluate())
    result = training.compute()
    measuring.before_update(result)
    norm = math.sqrt(sum(p.grad.square().sum().item() for p in training.networks["with BN"].parameters()))
    training.update()
    assert measuring.figures(Collecting())["with BN/largest_gradient"] == pytest.approx(norm, rel=1e-4)
    assert norm > 1e-3
