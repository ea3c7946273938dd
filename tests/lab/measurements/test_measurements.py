"""What measures for the verdicts: it disturbs nothing, and it is right where the answer is known."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from shiftscope.config import (
    BatchNormalization,
    ClipByNorm,
    Digits,
    Epochs,
    Mlp,
    NoNormalization,
    RunConfig,
    Sgd,
    Steps,
    Variant,
)
from shiftscope.experiments.catalogue import CLAIMS, find
from shiftscope.lab.data.datasets import load
from shiftscope.lab.measurements.activations import linear_outputs, normalized
from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.measurements.epochs import WholeTrainingSet
from shiftscope.lab.measurements.recurrent import WholeGradient
from shiftscope.lab.measurements.shift import BatchMeans
from shiftscope.lab.measurements.surface import LossSurface
from shiftscope.lab.training.loop import Training
from shiftscope.runs.claims import measurement_class
from shiftscope.runs.controls import Controls
from shiftscope.runs.replicas import training_of
from shiftscope.runs.train import train
from shiftscope.testing.collecting import Collecting
from tests.experiments.asked import Asked

DATA = load(Digits(), Path(), lambda *_: None)


def tiny(config: RunConfig, steps: int = 7) -> RunConfig:
    """The same on few samples of a small data set, for a few steps, and of replicas, each a process, with two."""
    dataset = config.dataset if isinstance(config.dataset, Digits) else Digits()
    replicas = min(config.replicas, 2)
    return config.model_copy(update={"duration": Steps(steps=steps), "dataset": dataset, "replicas": replicas})


class Sink(Collecting):
    """Keeps what was measured."""

    measured: dict[str, float] | None = None

    def event(self, kind, step, message, *, network="", layer="", value=None):
        if kind == "measured":
            self.measured = {name: float(figure) for name, figure in value["figures"].items()}


def trained(monkeypatch, config: RunConfig, claim) -> tuple[dict, Sink]:
    """Train through the scope and return the networks' states."""
    sink, seen = Sink(), []

    @contextmanager
    def kept(*arguments):
        with training_of(*arguments) as training:
            seen.append(training)
            yield training

    monkeypatch.setattr("shiftscope.runs.train.training_of", kept)
    train(config, sink, datasets=Path(), controls=Controls(), waiting=lambda *_: None, claim=claim)
    (training,) = seen
    return {name: network.state_dict() for name, network in training.networks.items()}, sink


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.experiment.id)
def test_measuring_disturbs_nothing(claim, monkeypatch):
    config = tiny(claim.experiment.runs[0].config)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    unmeasured, _ = trained(monkeypatch, config, None)
    measured, _ = trained(monkeypatch, config, claim)
    assert torch.equal(before, torch.get_rng_state())
    for name, state in unmeasured.items():
        for key, value in state.items():
            torch.testing.assert_close(value, measured[name][key], rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.experiment.id)
def test_what_is_measured_is_what_the_verdict_asks_for(claim, monkeypatch):
    measured = {}
    for run in claim.experiment.runs:
        _, sink = trained(monkeypatch, tiny(run.config, steps=2), claim)
        assert sink.measured is not None
        measured[run.label] = [sink.measured]
    results = Asked(measured)
    assert claim.verdict(results).table.rows
    assert {name for label, name in results.asked if name not in measured[label][0]} == set()


def test_what_is_no_measurement_is_refused():
    claim = replace(find("depth"), measurement="shiftscope.lab.measurements.activations:normalized")
    with pytest.raises(TypeError, match="normalized of depth is no Measurement"):
        measurement_class(claim)
    assert measurement_class(None) is measurement_class(find("depth")) is Measurement


def test_a_figure_that_is_measured_twice_is_refused(monkeypatch):
    class Twice(Measurement):
        def figures(self):
            return {"with BN/test_accuracy": 1.0}

    monkeypatch.setattr("shiftscope.runs.train.measurement_class", lambda _: Twice)
    with pytest.raises(ValueError, match="with BN/test_accuracy: measured twice"):
        trained(monkeypatch, config(), find("depth"))


def config(**more) -> RunConfig:
    variants = (
        Variant(name="without BN", normalization=NoNormalization()),
        Variant(name="with BN", normalization=BatchNormalization()),
    )
    settings = {"network": Mlp(depth=2, width=8), "variants": variants, "duration": Steps(steps=5), "batch_size": 16}
    return RunConfig(**settings | more)


def test_linear_outputs_are_those_of_a_forward_pass():
    training = Training(config(), DATA)
    network, inputs = training.networks["with BN"], training.probe_batch
    block = dict(network.named_children())["hidden 1"]
    linear = block.linear(inputs).detach()
    found = linear_outputs(network, inputs)
    assert list(found) == ["hidden 1", "hidden 2"]
    assert torch.equal(found["hidden 1"], linear)
    expected = (linear - linear.mean(0)) / torch.sqrt(linear.var(0, correction=0) + 1e-5)
    assert torch.allclose(normalized(network, inputs, "hidden 1"), expected, atol=1e-5)
    assert block.norm.num_batches_tracked == 0


def test_the_mean_of_independent_draws_deviates_by_what_chance_gives():
    options = config(batch_size=8)
    found = BatchMeans(options, Training(options, DATA), DATA).figures()
    assert found["without BN/untrained/batch_mean_deviation"] == pytest.approx(1, abs=0.1)
    assert found["without BN/batch_mean_deviation"] == found["without BN/untrained/batch_mean_deviation"]


def test_a_dead_layer_has_no_batch_means():
    options = config()
    training = Training(options, DATA)
    with torch.no_grad():
        dict(training.networks["without BN"].named_children())["hidden 2"].linear.weight.zero_()
    assert math.isnan(BatchMeans(options, training, DATA).figures()["without BN/batch_mean_deviation"])


def quadratic(drawn):
    """Return the one quadratic form that goes through the grid's losses, and its curvatures, the least first."""
    w1, w2 = np.meshgrid(np.array(drawn["w1"]) - drawn["lowest"][0], np.array(drawn["w2"]) - drawn["lowest"][1])

    def terms(x, y):
        return np.stack([x * x, x * y, y * y, x, y, np.ones_like(x)], axis=-1)

    factors, *_ = np.linalg.lstsq(terms(w1, w2).reshape(-1, 6), np.ravel(drawn["loss"]), rcond=None)
    a, b, c = factors[:3]

    def loss(x, y):
        return float(terms(np.float64(x - drawn["lowest"][0]), np.float64(y - drawn["lowest"][1])) @ factors)

    return loss, np.linalg.eigvalsh([[2 * a, b], [b, 2 * c]])


@pytest.mark.parametrize("scaling", ["raw", "standardized"])
def test_the_surface_is_the_loss_and_its_path_goes_down(scaling):
    options = config(dataset=Digits(scaling=scaling))
    training = Training(options, DATA)
    measuring = LossSurface(options, training, DATA)
    drawn = measuring.data()["surface"]
    loss, curvature = quadratic(drawn)
    lowest = loss(*drawn["lowest"])
    assert loss(drawn["w1"][7], drawn["w2"][3]) == pytest.approx(drawn["loss"][3][7])
    assert lowest == pytest.approx(min(min(row) for row in drawn["loss"]))
    condition = measuring.figures()["surface/condition"]
    assert condition == pytest.approx(curvature[1] / curvature[0], rel=1e-6)
    assert (condition > 100) == (scaling == "raw")
    along = [loss(*point) - lowest for point in drawn["path"]]
    assert along[0] == pytest.approx(1)
    assert along == sorted(along, reverse=True)
    assert along[-1] <= 0.01


@pytest.mark.parametrize("surface", find("input-scaling").experiment.surfaces, ids=lambda one: one.label)
def test_the_surface_that_is_drawn_before_training_is_the_measured_one(surface):
    options = config(dataset=Digits(scaling=surface.label))
    measuring = LossSurface(options, Training(options, DATA), DATA)
    drawn = measuring.data()["surface"]
    loss, curvature = quadratic(drawn)
    assert surface.lowest == pytest.approx(drawn["lowest"])
    assert list(surface.inputs) == drawn["inputs"]
    assert np.linalg.eigvalsh(surface.hessian) == pytest.approx(curvature, rel=1e-6)
    away = np.array([drawn["w1"][7], drawn["w2"][3]]) - surface.lowest
    excess = loss(drawn["w1"][7], drawn["w2"][3]) - loss(*surface.lowest)
    assert 0.5 * away @ np.array(surface.hessian) @ away == pytest.approx(excess, rel=1e-6)


def test_the_gradient_is_measured_before_it_is_clipped():
    options = config(clipping=ClipByNorm(limit=1e-6), optimizer=Sgd(learning_rate=0.1))
    training = Training(options, DATA)
    measurement = WholeGradient(options, training, DATA)
    measurement.before_update(training.compute())
    norm = math.sqrt(sum(p.grad.square().sum().item() for p in training.networks["with BN"].parameters()))
    training.update()
    assert measurement.figures()["with BN/largest_whole_gradient"] == pytest.approx(norm, rel=1e-4)
    assert norm > 1e-3


def test_the_whole_training_set_is_evaluated_after_each_epoch():
    options = config(duration=Epochs(epochs=2), batch_size=512)
    training = Training(options, DATA)
    measurement = WholeTrainingSet(options, training, DATA)
    measurement.evaluated()
    for _ in range(training.total_steps):
        training.compute()
        training.update()
        if training.at_epoch_end():
            measurement.evaluated()
    found = measurement.figures()
    assert {name.split("/")[1] for name in found} == {"1", "2"}
    now = training.evaluate(training_samples=len(DATA.train_labels))["with BN"]
    assert found["with BN/2/whole_train_loss"] == now["train_loss"]
