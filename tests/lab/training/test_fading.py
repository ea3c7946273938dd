"""What is done to batch normalization while it trains: exact at both ends, and nothing else is touched."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from shiftscope import config as c
from shiftscope.lab.data.types import Data
from shiftscope.lab.models.faded import FadedBatchNorm1d, batch_norms, fade
from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.lab.training.loop import Training

BATCH = 10
PLAIN, NORMALIZED = "without BN", "with BN"
OPTIMIZERS: list[c.Optimizer] = [c.Sgd(), c.Momentum(), c.Adam()]
NETWORKS: list[c.Network] = [c.Mlp(depth=3, width=8), c.Cnn(depth=2, channels=4), c.Rnn(width=6)]


def training(images: Data, dropout: float = 0.0, **changes: object) -> Training:
    variants = (
        c.Variant(name=PLAIN, dropout=dropout),
        c.Variant(name=NORMALIZED, normalization=c.BatchNormalization(), dropout=dropout),
    )
    config = {"network": c.Mlp(depth=3, width=8), "batch_size": BATCH, "variants": variants, **changes}
    return Training(c.RunConfig.model_validate(config), images)


def go(training: Training, steps: int) -> list[Tensor]:
    """Do steps; return the batches and the losses."""
    found = []
    for _ in range(steps):
        result = training.compute()
        found += [result.inputs, *result.losses.values()]
        training.update()
    return found


def weights(training: Training, name: str) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in training.networks[name].state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    assert one.keys() == other.keys()
    assert one
    return all(torch.equal(value, other[key]) for key, value in one.items())


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.kind)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: one.kind)
def test_at_strength_0_the_network_is_its_twin_without_batch_normalization(images, network, optimizer):
    faded = training(images, dropout=0.2, network=network, optimizer=optimizer)
    faded.intervene(NORMALIZED, c.Intervention(bn_strength=0))
    go(faded, 20)
    plain = weights(faded, PLAIN)
    assert same({key: value for key, value in weights(faded, NORMALIZED).items() if key in plain}, plain)
    scores = faded.evaluate()
    assert scores[PLAIN] == scores[NORMALIZED]
    norms = [norm for norm in batch_norms(faded.networks[NORMALIZED]) if norm.weight is not None]
    assert all(torch.equal(norm.weight, torch.ones_like(norm.weight)) for norm in norms)
    assert all(norm.running_mean is not None and norm.running_mean.any() for norm in norms)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.kind)
def test_at_strength_1_it_is_batch_normalization(images, network):
    faded, free = training(images, network=network), training(images, network=network)
    for strength in (0.5, 1.0):
        faded.intervene(NORMALIZED, c.Intervention(bn_strength=strength))
    one, other = go(faded, 12), go(free, 12)
    assert all(map(torch.equal, one, other))
    assert same(weights(faded, NORMALIZED), weights(free, NORMALIZED))


def test_a_layer_that_nothing_is_done_to_is_torch_s_own():
    torch.manual_seed(0)
    x = torch.randn(8, 5)
    own, faded = nn.BatchNorm1d(5), FadedBatchNorm1d(5)
    fader = fade(faded, seed=0)
    assert torch.equal(own(x), faded(x))
    fader.strength = 0.25
    assert torch.equal(faded(x), 0.75 * x + 0.25 * own(x))
    fader.strength = 0.0
    assert faded(x) is x
    own(x)
    assert same(own.state_dict(), faded.state_dict())
    for norm in (own, faded):
        norm.eval()
    fader.strength, fader.noise = 0.5, 3.0
    assert torch.equal(faded(x), 0.5 * x + 0.5 * own(x))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: one.kind)
def test_frozen_gamma_and_beta_stand_still_to_the_bit(images, optimizer):
    touched, free = (training(images, optimizer=optimizer) for _ in range(2))
    for one in (touched, free):
        go(one, 5)
    touched.intervene(NORMALIZED, c.Intervention(freeze_affine=True))
    names = [f"hidden {number}.norm.{own}" for number in (1, 2, 3) for own in ("weight", "bias")]
    before = weights(touched, NORMALIZED)
    go(touched, 12)
    go(free, 12)
    after = weights(touched, NORMALIZED)
    # The bias before a batch normalization has no gradient but rounding's, and may stand still by itself.
    others = {name for name in after if not name.endswith("linear.bias")}
    assert {name for name in others if torch.equal(after[name], before[name])} == set(names)
    assert same(weights(touched, PLAIN), weights(free, PLAIN))
    touched.intervene(NORMALIZED, c.Intervention())
    go(touched, 2)
    released = weights(touched, NORMALIZED)
    assert not any(torch.equal(released[name], before[name]) for name in names)


def test_noise_has_its_deviation_and_touches_nothing_else(images):
    noisy, free = training(images, dropout=0.2), training(images, dropout=0.2)
    noisy.intervene(NORMALIZED, c.Intervention(noise=0.5))
    state = torch.get_rng_state()
    found, others = go(noisy, 10), go(free, 10)
    assert torch.equal(torch.get_rng_state(), state)
    for batch in (0, 1):  # the batches, and the losses of the network that nothing is done to
        assert all(map(torch.equal, found[batch::3], others[batch::3]))
    assert not any(map(torch.equal, found[2::3], others[2::3]))
    assert same(weights(noisy, PLAIN), weights(free, PLAIN))
    norm = batch_norms(noisy.networks[NORMALIZED])[0]
    x = torch.randn(4000, 8)
    added = norm(x) - nn.functional.batch_norm(x, None, None, norm.weight, norm.bias, training=True)
    assert added.std().item() == pytest.approx(0.5, rel=0.02)
    assert added.mean().item() == pytest.approx(0, abs=0.02)
    assert torch.equal(norm(x), norm(x))
    drawn = [norm.fader.drawn(x, number) for norm in batch_norms(noisy.networks[NORMALIZED]) for number in (0, 1)]
    assert not torch.equal(drawn[0], drawn[1])


def test_a_fork_of_what_something_is_done_to_equals_its_origin(images):
    done = c.Intervention(bn_strength=0.5, noise=0.3, freeze_affine=True, freeze_below="hidden 2")
    origin = training(images, dropout=0.2, optimizer=c.Adam())
    go(origin, 4)
    origin.intervene(NORMALIZED, done)
    go(origin, 4)
    kept = origin.checkpoint().to_bytes()
    fork = training(images, dropout=0.2, optimizer=c.Adam())
    fork.restore(Checkpoint.of_bytes(kept))
    fork.intervene(NORMALIZED, done)
    assert all(map(torch.equal, go(origin, 15), go(fork, 15)))
    for name in (PLAIN, NORMALIZED):
        assert same(weights(origin, name), weights(fork, name))


@pytest.mark.parametrize("done", [{"bn_strength": 0.5}, {"freeze_affine": True}, {"noise": 0.1}], ids=str)
def test_a_network_without_batch_normalization_is_refused(images, done):
    with pytest.raises(ValueError, match="without BN has no batch normalization"):
        training(images).intervene(PLAIN, c.Intervention(**done))
