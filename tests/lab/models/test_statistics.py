import pytest
import torch
from torch import nn

from shiftscope import config as c
from shiftscope.lab.data.types import Data
from shiftscope.lab.models.statistics import evaluating, running_layers, with_statistics_of
from shiftscope.lab.models.twins import twins
from shiftscope.lab.training.loop import Training

KINDS = [c.BatchNormalization(), c.NoisyBatchNormalization(), c.Whitening(group_size=2)]


def network(normalization: c.Normalization, dropout: float = 0.0) -> nn.Module:
    variant = c.Variant(name="one", normalization=normalization, dropout=dropout)
    config = c.RunConfig(network=c.Mlp(depth=2, width=6), variants=(variant,))
    return twins(config, inputs=5, classes=3)["one"].double()


def inputs(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("normalization", KINDS, ids=lambda kind: kind.kind)
def test_batch_statistics_are_those_of_the_batch_and_leave_no_trace(normalization):
    model = network(normalization, dropout=0.5)
    model(inputs(30, seed=1))
    model[0].norm.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    state = torch.get_rng_state()
    x = inputs(40)
    with evaluating(model, "batch"):
        inside = []
        handle = model[0].norm.register_forward_hook(lambda module, args, output: inside.append((args[0], output)))
        output = model(x)
        handle.remove()
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    z, normalized = inside[0]
    torch.testing.assert_close(normalized.mean(0), torch.zeros(6, dtype=torch.float64))
    if normalization.kind != "whitening":
        expected = (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt()
        torch.testing.assert_close(normalized, expected)
    with evaluating(model):
        assert not torch.allclose(model(x), output)
    assert all(layer.noise for layer in model.modules() if hasattr(layer, "noise"))


@pytest.mark.parametrize("normalization", KINDS, ids=lambda kind: kind.kind)
def test_a_copy_with_the_statistics_of_a_set(normalization):
    model = network(normalization)
    x = inputs(200)
    copied = with_statistics_of(model, x)
    assert not copied.training
    assert model.training
    z = x @ model[0].linear.weight.T + model[0].linear.bias
    torch.testing.assert_close(copied[0].norm.running_mean, z.mean(0))
    if normalization.kind != "whitening":
        torch.testing.assert_close(copied[0].norm.running_var, z.var(0))
    # Deeper layers too, each behind normalizations that use the same statistics.
    with evaluating(model, "batch"):
        torch.testing.assert_close(copied(x), model(x), rtol=0.02, atol=0.02)  # biased against unbiased variance
    assert [layer.momentum for layer in running_layers(copied)] == [0.1, 0.1]
    assert all(layer.running_mean.abs().max() == 0 for layer in running_layers(model))


def test_networks_without_running_statistics_are_the_same_either_way():
    model = network(c.LayerNormalization())
    x = inputs(10)
    with evaluating(model):
        expected = model(x)
    with evaluating(model, "batch"):
        assert torch.equal(model(x), expected)
    assert torch.equal(with_statistics_of(model, x)(x), expected)


def test_training_can_evaluate_with_the_statistics_of_shifted_samples():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 4, generator=generator)
    labels = (x[:, 0] > 0).long()
    data = Data(x, labels, x * 3 + 5, labels, classes=2)  # the test set is far away, its classes as they were
    config = c.RunConfig(
        network=c.Mlp(depth=2, width=8),
        variants=(c.Variant(name="BN", normalization=c.BatchNormalization()),),
        batch_size=40,
    )
    training = Training(config, data)
    for _ in range(60):
        training.compute()
        training.update()
    running = training.evaluate()["BN"]
    batch = training.evaluate(statistics="batch")["BN"]
    assert running["train_accuracy"] > 0.9
    assert running["test_accuracy"] < 0.8
    # A batch's own statistics undo any shift and scale of all features.
    assert batch["test_accuracy"] == pytest.approx(batch["train_accuracy"], abs=0.01)
    assert batch["test_loss"] == pytest.approx(batch["train_loss"], rel=1e-3)
