import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from shiftscope import config as c
from shiftscope.lab.models import normalizations
from shiftscope.lab.models.whitening import BatchWhitening, InverseSquareRoot

ALL = [
    c.BatchNormalization(),
    c.BatchNormalization(running="cumulative", affine=False),
    c.LayerNormalization(),
    c.GroupNormalization(groups=3),
    c.InstanceNormalization(),
    c.NoisyBatchNormalization(),
    c.Whitening(group_size=3),
    c.Whitening(group_size=3, method="cholesky"),
    c.Whitening(group_size=6, affine=False),
]
CASES = [
    pytest.param(options, space, id=f"{options.kind}-{'image' if space else 'flat'}-{i}")
    for i, options in enumerate(ALL)
    for space in (False, True)
    if space or options.kind != "instance"
]


def values(space: bool, seed: int = 0, samples: int = 8) -> torch.Tensor:
    """Correlated float64 inputs of six channels, away from mean 0 and variance 1."""
    generator = torch.Generator().manual_seed(seed)
    shape = (samples, 6, 2, 3) if space else (samples, 6)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    mix = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    return torch.einsum("nc...,cd->nd...", x, mix) * 1.5 + torch.arange(6.0).reshape(6, *[1] * (x.dim() - 2))


def layer(options: c.Normalization, space: bool) -> nn.Module:
    """A layer in float64 with affine parameters that are not 1 and 0."""
    made = normalizations.make(options, 6, space=space).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator, dtype=torch.float64) + 0.5)
    return made


def seeded(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return module(x)


@pytest.mark.parametrize(("options", "space"), CASES)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_gradients_are_the_numerical_ones(options, space, training):
    module = layer(options, space)
    seeded(module, values(space, seed=3))  # running statistics other than the start's
    module.train(training)
    x = values(space, samples=5).requires_grad_()
    names = [name for name, _ in module.named_parameters()]

    def output(x, *parameters):
        state = {name: buffer.clone() for name, buffer in module.named_buffers()}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            return torch.func.functional_call(module, {**dict(zip(names, parameters, strict=True)), **state}, (x,))

    assert torch.autograd.gradcheck(output, (x, *module.parameters()), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize(("options", "space"), CASES)
def test_the_state_travels_in_a_state_dict(options, space):
    module = layer(options, space)
    for seed in range(3):
        seeded(module, values(space, seed=seed))
    other = normalizations.make(options, 6, space=space).double()
    other.load_state_dict(copy.deepcopy(module.state_dict()))
    x = values(space, seed=9)
    for mode in (True, False):
        assert torch.equal(seeded(module.train(mode), x), seeded(other.train(mode), x))


@pytest.mark.parametrize(("options", "space"), CASES)
def test_eval_mode_is_deterministic_and_each_sample_stands_for_itself(options, space):
    module = layer(options, space)
    for seed in range(3):
        seeded(module, values(space, seed=seed))
    module.eval()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    x = values(space, seed=9)
    whole = module(x)
    torch.testing.assert_close(torch.cat([module(row[None]) for row in x]), whole)
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def flat(x: torch.Tensor) -> np.ndarray:
    """Channels by all of their values."""
    return x.detach().movedim(1, 0).flatten(1).numpy()


@pytest.mark.parametrize("space", [False, True])
@pytest.mark.parametrize("method", ["zca", "cholesky"])
def test_whitening_decorrelates_within_its_groups_alone(method, space):
    x = values(space, samples=200)
    y = flat(layer(c.Whitening(group_size=3, method=method, affine=False, eps=1e-9), space)(x))
    covariance = np.cov(y, bias=True)
    np.testing.assert_allclose(y.mean(1), 0, atol=1e-9)
    for start in (0, 3):
        np.testing.assert_allclose(covariance[start : start + 3, start : start + 3], np.eye(3), atol=1e-6)
    assert np.abs(covariance[:3, 3:]).max() > 0.05
    # Batch normalization scales but does not decorrelate.
    z = flat(layer(c.BatchNormalization(affine=False), space)(x))
    assert np.abs(np.cov(z, bias=True)[:3, :3] - np.eye(3)).max() > 0.1


def test_zca_is_the_symmetric_root_and_cholesky_the_triangular_one():
    x = values(space=False, samples=50)
    rows = flat(x)
    centred = rows - rows.mean(1, keepdims=True)
    covariance = centred @ centred.T / 50 + 1e-3 * np.eye(6)
    eigenvalues, u = np.linalg.eigh(covariance)
    zca = u @ np.diag(eigenvalues**-0.5) @ u.T
    triangular = np.linalg.inv(np.linalg.cholesky(covariance))
    for method, matrix in (("zca", zca), ("cholesky", triangular)):
        module = layer(c.Whitening(group_size=6, method=method, affine=False), space=False)
        np.testing.assert_allclose(flat(module(x)), matrix @ centred, atol=1e-9)


@pytest.mark.parametrize("method", ["zca", "cholesky"])
@pytest.mark.parametrize("space", [False, True])
def test_whitening_single_channels_is_batch_normalization(method, space):
    whitening = layer(c.Whitening(group_size=1, method=method, eps=1e-5), space)
    batch = layer(c.BatchNormalization(), space)
    for seed in range(3):
        x = values(space, seed=seed)
        torch.testing.assert_close(whitening(x), batch(x))
    torch.testing.assert_close(whitening.running_mean, batch.running_mean)
    torch.testing.assert_close(whitening.running_covariance.flatten(), batch.running_var)
    x = values(space, seed=7)
    torch.testing.assert_close(whitening.eval()(x), batch.eval()(x))


@given(st.integers(1, 5), st.integers(0, 1000), st.booleans())
def test_the_inverse_square_root_and_its_derivative(size, seed, equal):
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(size, size, generator=generator, dtype=torch.float64)
    # Equal eigenvalues, where the derivative of the eigenvectors is infinite, are an ordinary case here.
    matrix = torch.eye(size, dtype=torch.float64) * 2 if equal else a @ a.T + 0.5 * torch.eye(size).double()
    root = InverseSquareRoot.apply(matrix)
    torch.testing.assert_close(root @ root @ matrix, torch.eye(size, dtype=torch.float64))

    def symmetric(m):
        return InverseSquareRoot.apply((m + m.T) / 2)

    assert torch.autograd.gradcheck(symmetric, (matrix.requires_grad_(),))


@pytest.mark.parametrize("method", ["zca", "cholesky"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e200])
def test_whitening_of_what_is_not_finite_is_nan_and_no_error(method, bad):
    module = layer(c.Whitening(group_size=3, method=method), space=False)
    x = values(space=False)
    x[0, 0] = bad
    x.requires_grad_()
    y = module(x)
    y.sum().backward()
    assert not torch.isfinite(y[:, :3]).any()
    assert torch.isfinite(y[:, 3:]).all()


def test_whitening_of_one_sample_in_train_mode_is_refused():
    module = BatchWhitening(c.Whitening(group_size=3), 6)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        module(torch.ones(1, 6))
    with pytest.raises(ValueError, match="groups of 3 cannot share 4 channels"):
        BatchWhitening(c.Whitening(group_size=3), 4)


def test_noise_has_the_published_distribution_and_is_new_at_each_step():
    module = normalizations.make(c.NoisyBatchNormalization(affine=False), 4000).double()
    torch.manual_seed(0)
    x = torch.randn(64, 4000, dtype=torch.float64)
    z = nn.BatchNorm1d(4000, affine=False).double()(x)
    first, second = module(x), module(x)
    assert not torch.equal(first, second)
    # Per unit: regress s z + m on z. Slope sigma, intercept mu, each with a little error over 64 samples.
    slope = (first * z).mean(0)
    intercept = first.mean(0)
    assert intercept.min() > -0.6
    assert intercept.max() < 0.6
    assert intercept.var().item() == pytest.approx(1 / 12, rel=0.05)  # U(-.5, .5)
    assert slope.mean().item() == pytest.approx(1.125, abs=0.005)  # U(1, 1.25)
    # Sample by sample: m ~ U(mu - .1, mu + .1) of variance .01/3 and s ~ N(sigma, .1) on z of variance 1.
    rest = first - slope * z - intercept
    assert rest.var().item() == pytest.approx(0.01 / 3 + 0.01, rel=0.06)
    torch.testing.assert_close(module.eval()(x), (x - module.running_mean) / (module.running_var + 1e-5).sqrt())


def test_each_kind_takes_its_mean_over_its_own_axes():
    x = values(space=True)
    axes = {
        "batch": (0, 2, 3),
        "layer": (1, 2, 3),
        "instance": (2, 3),
    }
    for options in (c.BatchNormalization(affine=False), c.LayerNormalization(affine=False),
                    c.InstanceNormalization(affine=False)):  # fmt: skip
        over = axes[options.kind]
        mean, variance = x.mean(over, keepdim=True), x.var(over, unbiased=False, keepdim=True)
        expected = (x - mean) / (variance + 1e-5).sqrt()
        torch.testing.assert_close(normalizations.make(options, 6, space=True).double()(x), expected)
    grouped = x.reshape(8, 3, 2, 2, 3)
    over = (2, 3, 4)
    mean, variance = grouped.mean(over, keepdim=True), grouped.var(over, unbiased=False, keepdim=True)
    expected = ((grouped - mean) / (variance + 1e-5).sqrt()).reshape(x.shape)
    torch.testing.assert_close(
        normalizations.make(c.GroupNormalization(groups=3, affine=False), 6, space=True)(x), expected
    )
    x = values(space=False)
    expected = (x - x.mean(1, keepdim=True)) / (x.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(normalizations.make(c.LayerNormalization(affine=False), 6)(x), expected)


def test_cumulative_running_statistics_are_the_mean_over_the_batches():
    module = layer(c.BatchNormalization(running="cumulative"), space=False)
    batches = [values(space=False, seed=seed) for seed in range(4)]
    for batch in batches:
        module(batch)
    torch.testing.assert_close(module.running_mean, torch.stack([b.mean(0) for b in batches]).mean(0))
    torch.testing.assert_close(module.running_var, torch.stack([b.var(0) for b in batches]).mean(0))
