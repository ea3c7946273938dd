import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from shiftscope import config as c
from shiftscope.lab.data import datasets
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.loop import Training


@pytest.fixture(scope="module")
def digits() -> Data:
    return datasets.load(c.Digits(), Path("nowhere"), lambda *_: None)


@pytest.fixture
def tiny() -> Data:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(50, 6, generator=generator)
    labels = torch.randint(3, (50,), generator=generator)
    return Data(inputs[:35], labels[:35], inputs[35:], labels[35:], classes=3)


def small(**changes) -> c.RunConfig:
    return c.RunConfig(**({"network": c.Mlp(depth=2, width=7), "batch_size": 10} | changes))


def test_digits_with_batch_norm_are_learned_and_the_plain_network_lags(digits):
    training = Training(c.RunConfig(), digits)
    for _ in range(200):
        training.compute()
        training.update()
    scores = training.evaluate()
    assert scores["with BN"]["test_accuracy"] > 0.9
    assert scores["with BN"]["train_accuracy"] > 0.95
    assert scores["without BN"]["test_accuracy"] < scores["with BN"]["test_accuracy"]


def test_each_epoch_visits_the_training_set_in_an_order_of_its_own_and_drops_the_rest(tiny):
    training = Training(small(), tiny)
    rows = {tuple(row.tolist()): index for index, row in enumerate(tiny.train_inputs)}
    epochs = []
    for _ in range(4):
        seen = []
        for step in range(3):
            assert training.at_epoch_end() == (step == 0 and bool(epochs))
            result = training.compute()
            indices = [rows[tuple(row.tolist())] for row in result.inputs]
            assert torch.equal(result.labels, tiny.train_labels[indices])
            seen += indices
            training.update()
        assert len(set(seen)) == 30
        epochs.append(seen)
    assert all(a != b for a, b in itertools.combinations(epochs, 2))
    assert training.at_epoch_end()
    assert training.steps_done == 12


def test_one_config_gives_bit_identical_weights_whatever_the_global_state(tiny):
    def weights(seed):
        torch.manual_seed(seed)
        training = Training(small(), tiny)
        state = torch.get_rng_state()
        for step in range(20):
            training.compute()
            if seed == 2 and step % 5 == 0:
                training.evaluate()
            training.update()
        assert torch.equal(torch.get_rng_state(), state)
        return torch.cat([p.detach().flatten() for n in training.networks.values() for p in n.parameters()])

    assert torch.equal(weights(1), weights(2))


def test_evaluation_is_exact_and_leaves_no_trace(tiny):
    training = Training(small(), tiny)
    for _ in range(5):
        training.compute()
        training.update()
    network = training.networks["with BN"]
    frozen = network.get_submodule("hidden 1.norm").eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    scores = training.evaluate()["with BN"]
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert network.training
    assert not frozen.training

    network.eval()
    for prefix, inputs, labels in (
        ("test", tiny.test_inputs, tiny.test_labels),
        ("train", tiny.train_inputs, tiny.train_labels),
    ):
        logits = network(inputs).detach().double().numpy()
        log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        assert scores[f"{prefix}_loss"] == pytest.approx(-log_p[np.arange(len(labels)), labels].mean(), abs=1e-6)
        assert scores[f"{prefix}_accuracy"] == pytest.approx((logits.argmax(1) == labels.numpy()).mean())


def test_a_long_evaluation_goes_in_parts_over_a_fixed_share_of_the_training_set():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(4500, 2, generator=generator)
    labels = torch.randint(2, (4500,), generator=generator)
    training = Training(small(), Data(inputs, labels, inputs, labels, classes=2))
    whole = training.evaluate(training_samples=4500)["without BN"]
    assert whole["train_loss"] == pytest.approx(whole["test_loss"], abs=1e-6)
    assert whole["train_accuracy"] == whole["test_accuracy"]
    some = [training.evaluate(training_samples=100)["without BN"] for _ in range(2)]
    assert some[0] == some[1]
    assert some[0]["train_loss"] != whole["train_loss"]


def brute_force_step(network: nn.Module, x, y, eps):
    """One hidden layer with batch normalization and relu: loss and gradients by hand, in float64."""
    p = {name: value.detach().numpy().astype(np.float64) for name, value in network.named_parameters()}
    w1, b1 = p["hidden 1.linear.weight"], p["hidden 1.linear.bias"]
    gamma, beta = p["hidden 1.norm.weight"], p["hidden 1.norm.bias"]
    w2, b2 = p["output.linear.weight"], p["output.linear.bias"]
    m = len(x)
    z = x @ w1.T + b1
    mean, var = z.mean(0), ((z - z.mean(0)) ** 2).mean(0)
    xhat = (z - mean) / np.sqrt(var + eps)
    a = gamma * xhat + beta
    h = np.maximum(a, 0)
    logits = h @ w2.T + b2
    q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    loss = -np.log(q[np.arange(m), y]).mean()
    d_logits = (q - np.eye(q.shape[1])[y]) / m
    d_a = (d_logits @ w2) * (a > 0)
    d_xhat = d_a * gamma
    # Ioffe & Szegedy 2015, section 3: back through the batch's own mean and variance
    d_z = (d_xhat - d_xhat.mean(0) - xhat * (d_xhat * xhat).mean(0)) / np.sqrt(var + eps)
    gradients = {
        "hidden 1.linear.weight": d_z.T @ x,
        "hidden 1.linear.bias": d_z.sum(0),
        "hidden 1.norm.weight": (d_a * xhat).sum(0),
        "hidden 1.norm.bias": d_a.sum(0),
        "output.linear.weight": d_logits.T @ h,
        "output.linear.bias": d_logits.sum(0),
    }
    return p, loss, gradients, mean, z.var(0, ddof=1)


def test_a_step_with_batch_norm_is_the_one_that_the_formulae_give(tiny):
    config = small(network=c.Mlp(depth=1, width=7), optimizer=c.Sgd(learning_rate=0.3))
    training = Training(config, tiny)
    network = training.networks["with BN"]
    start = {name: value.detach().clone() for name, value in network.named_parameters()}
    result = training.compute()
    assert all(torch.equal(value, start[name]) for name, value in network.named_parameters())
    before, loss, gradients, mean, unbiased = brute_force_step(
        network, result.inputs.double().numpy(), result.labels.numpy(), eps=1e-5
    )
    assert result.losses["with BN"].item() == pytest.approx(loss, rel=1e-5)
    for name, parameter in network.named_parameters():
        np.testing.assert_allclose(parameter.grad.numpy(), gradients[name], rtol=1e-3, atol=2e-6, err_msg=name)
    training.update()
    for name, parameter in network.named_parameters():
        expected = before[name] - 0.3 * gradients[name]
        np.testing.assert_allclose(parameter.detach().numpy(), expected, rtol=1e-4, atol=2e-6, err_msg=name)
    norm = network.get_submodule("hidden 1.norm")
    np.testing.assert_allclose(norm.running_mean.numpy(), 0.1 * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(norm.running_var.numpy(), 0.9 + 0.1 * unbiased, rtol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(
    "optimizer", [c.Sgd(), c.Momentum(), c.RmsProp(), c.Adam()], ids=lambda optimizer: optimizer.kind
)
def test_every_combination_takes_steps_that_lower_the_loss_of_its_batch(tiny, activation, place, optimizer):
    config = small(
        network=c.Mlp(depth=2, width=7, activation=activation, init="xavier_uniform"),
        optimizer=optimizer,
        batch_size=35,
        variants=(
            c.Variant(name="none"),
            c.Variant(name="BN", normalization=c.BatchNormalization(place=place)),
        ),
    )
    training = Training(config, tiny)
    losses = []
    for _ in range(30):
        losses.append(training.compute().losses)
        training.update()
    assert all(losses[-1][name] < losses[0][name] for name in ("none", "BN"))


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (c.Momentum(momentum=0.5), {"momentum": 0.5}),
        (c.RmsProp(alpha=0.7), {"alpha": 0.7}),
        (c.Adam(beta1=0.1, beta2=0.2), {"betas": (0.1, 0.2)}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_the_options_of_an_optimizer_reach_it(tiny, optimizer, expected):
    training = Training(small(optimizer=optimizer), tiny)
    for each in training.optimizers.values():
        group = each.param_groups[0]
        assert {name: group[name] for name in expected} == expected
        assert group["lr"] == optimizer.learning_rate


def test_the_learning_rate_changes_from_the_next_update_on(tiny):
    training = Training(small(), tiny)
    training.set_learning_rate(0.25)
    assert [o.param_groups[0]["lr"] for o in training.optimizers.values()] == [0.25, 0.25]
    training.compute()
    parameter = training.networks["without BN"].get_parameter("output.linear.bias")
    before, gradient = parameter.detach().clone(), parameter.grad.clone()
    training.update()
    torch.testing.assert_close(parameter.detach(), before - 0.25 * gradient)
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive and finite"):
            training.set_learning_rate(bad)


def test_a_learning_rate_of_1000_runs_through_to_nan(digits):
    training = Training(c.RunConfig(optimizer=c.Sgd(learning_rate=1000)), digits)
    for _ in range(40):
        result = training.compute()
        training.update()
    assert not torch.isfinite(result.losses["without BN"])
    assert np.isnan(training.evaluate()["without BN"]["test_loss"])


def test_the_probe_batch_is_fixed_and_of_the_training_set(digits, tiny):
    first, second = (Training(c.RunConfig(), digits).probe_batch for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (512, 64)
    rows = {tuple(row.tolist()) for row in digits.train_inputs}
    assert all(tuple(row.tolist()) in rows for row in first)
    assert not torch.equal(first, Training(c.RunConfig(seed=1), digits).probe_batch)
    assert Training(small(), tiny).probe_batch.shape == (35, 6)
    large = c.RunConfig(network=c.Cnn(depth=16, channels=512, pool_every=16), batch_size=2)
    size = len(Training(large, digits).probe_batch)
    assert 2 <= size < 512
    assert size * large.network.activations((1, 8, 8)) <= 50_000_000


def test_calls_out_of_turn_and_a_batch_that_is_too_large_are_refused(tiny):
    training = Training(small(), tiny)
    with pytest.raises(RuntimeError, match="compute\\(\\) comes first"):
        training.update()
    training.compute()
    with pytest.raises(RuntimeError, match="update\\(\\) comes next"):
        training.compute()
    with pytest.raises(ValueError, match="batch_size 64 is more than the 35 training samples"):
        Training(c.RunConfig(), tiny)


STOCHASTIC = (
    c.Variant(name="noisy", normalization=c.NoisyBatchNormalization()),
    c.Variant(name="dropout", dropout=0.5),
    c.Variant(name="both", normalization=c.NoisyBatchNormalization(), dropout=0.5),
    c.Variant(name="plain"),
)


def test_networks_that_draw_random_numbers_have_streams_of_their_own(tiny):
    def weights(seed, variants):
        torch.manual_seed(seed)
        training = Training(small(variants=variants), tiny)
        state = torch.get_rng_state()
        for _ in range(10):
            training.compute()
            training.update()
            training.evaluate()
        assert torch.equal(torch.get_rng_state(), state)
        return {
            name: torch.cat([p.detach().flatten() for p in network.parameters()])
            for name, network in training.networks.items()
        }

    first, second = weights(1, STOCHASTIC), weights(2, STOCHASTIC)
    alone = weights(3, STOCHASTIC[2:3])
    for name in first:
        assert torch.equal(first[name], second[name])
    assert torch.equal(first["both"], alone["both"])
    assert not torch.equal(first["dropout"], first["plain"])


def test_the_masks_of_dropout_are_the_same_in_each_network_and_new_at_each_step(tiny):
    variants = tuple(c.Variant(name=name, dropout=0.5) for name in "ab")
    training = Training(small(variants=variants), tiny)
    masks = {name: [] for name in "ab"}
    for name, network in training.networks.items():
        network.get_submodule("hidden 1.dropout").register_forward_hook(
            lambda module, args, output, name=name: masks[name].append(output == 0)
        )
    for _ in range(3):
        training.compute()
        training.update()
    assert all(torch.equal(a, b) for a, b in zip(masks["a"], masks["b"], strict=True))
    assert not torch.equal(masks["a"][0], masks["a"][1])


@pytest.mark.parametrize(
    ("clipping", "clipped"),
    [
        (c.NoClipping(), lambda gradients: gradients),
        (c.ClipByValue(limit=0.01), lambda gradients: [g.clamp(-0.01, 0.01) for g in gradients]),
        (
            c.ClipByNorm(limit=0.05),
            lambda gradients: [g * 0.05 / torch.cat([g.flatten() for g in gradients]).norm() for g in gradients],
        ),
        (c.ClipByNorm(limit=1e6), lambda gradients: gradients),
    ],
    ids=["none", "value", "norm", "norm of no effect"],
)
def test_gradients_are_clipped_at_the_update(tiny, clipping, clipped):
    training = Training(small(clipping=clipping, optimizer=c.Sgd(learning_rate=1)), tiny)
    network = training.networks["with BN"]
    training.compute()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    training.update()
    for old, gradient, parameter in zip(before, clipped(gradients), network.parameters(), strict=True):
        torch.testing.assert_close(parameter.detach(), old - gradient)


@pytest.mark.parametrize("clipping", [c.ClipByValue(), c.ClipByNorm()], ids=lambda clipping: clipping.kind)
def test_clipping_what_is_not_finite_is_no_error(tiny, clipping):
    training = Training(small(clipping=clipping), tiny)
    training.compute()
    training.networks["with BN"].get_parameter("output.linear.bias").grad.fill_(float("nan"))
    training.update()
    assert not torch.isfinite(training.compute().losses["with BN"])


@pytest.mark.parametrize("network", [c.Cnn(depth=2, channels=8), c.Rnn(width=16)], ids=lambda network: network.kind)
def test_other_networks_learn_digits(digits, network):
    config = c.RunConfig(network=network, optimizer=c.Adam(learning_rate=0.01), batch_size=100)
    training = Training(config, digits)
    first = training.evaluate()
    for _ in range(60):
        training.compute()
        training.update()
    last = training.evaluate()
    assert last["without BN"]["test_loss"] < first["without BN"]["test_loss"]
    assert last["with BN"]["test_loss"] < 0.75 * first["with BN"]["test_loss"]


@pytest.mark.parametrize("network", [c.Mlp(), c.Cnn(depth=2, channels=8), c.Rnn()], ids=lambda network: network.kind)
def test_no_normalization_raises_where_training_diverges(digits, network):
    kinds = [c.LayerNormalization(), c.GroupNormalization(), c.BatchNormalization()]
    if network.kind != "rnn":
        kinds += [c.Whitening(group_size=8), c.Whitening(group_size=8, method="cholesky"), c.NoisyBatchNormalization()]
    for start in range(0, len(kinds), 3):
        variants = tuple(c.Variant(name=f"{i}", normalization=kind) for i, kind in enumerate(kinds[start : start + 3]))
        config = c.RunConfig(network=network, variants=variants, optimizer=c.Sgd(learning_rate=1e6))
        training = Training(config, digits)
        for _ in range(6):
            training.compute()
            training.update()
        training.evaluate()
