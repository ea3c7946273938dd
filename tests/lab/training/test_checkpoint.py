"""A training that goes on from a checkpoint does what its origin does, bit for bit."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from shiftscope import config as c
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.checkpoint import Checkpoint, CheckpointError
from shiftscope.lab.training.loop import StepResult, Training

BATCH, PER_EPOCH = 10, 5
"""Five batches an epoch, and three samples too many."""
CUT, MORE = 8, 19
"""Where it is cut, in the middle of the second epoch, and how many steps follow: over three ends of epochs."""


@pytest.fixture(scope="module")
def images() -> Data:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(BATCH * PER_EPOCH + 13, 64, generator=generator)
    labels = torch.randint(3, (len(inputs),), generator=generator)
    return Data(inputs[:-10], labels[:-10], inputs[-10:], labels[-10:], classes=3)


OPTIMIZERS: list[c.Optimizer] = [c.Sgd(), c.Momentum(), c.RmsProp(), c.Adam()]
VARIANTS: dict[str, tuple[c.Variant, ...]] = {
    "twins": (
        c.Variant(name="without BN", dropout=0.3),
        c.Variant(name="with BN", normalization=c.BatchNormalization(), dropout=0.3),
    ),
    "noisy and cumulative": (
        c.Variant(name="noisy", normalization=c.NoisyBatchNormalization()),
        c.Variant(name="cumulative", normalization=c.BatchNormalization(running="cumulative")),
    ),
    "whitened and plain": (
        c.Variant(name="whitened", normalization=c.Whitening(group_size=4)),
        c.Variant(name="layer", normalization=c.LayerNormalization(), dropout=0.1),
    ),
}


def config(variants: str = "twins", **changes: object) -> c.RunConfig:
    network = c.Mlp(depth=2, width=8)
    return c.RunConfig.model_validate(
        {"network": network, "batch_size": BATCH, "variants": VARIANTS[variants], **changes}
    )


def step(training: Training) -> StepResult:
    result = training.compute()
    training.update()
    return result


def after(training: Training, steps: int) -> Training:
    for _ in range(steps):
        step(training)
    return training


def same(one: Any, other: Any, where: str = "") -> None:
    """Require equality to the bit, whatever the nesting."""
    if isinstance(one, Tensor):
        assert one.dtype == other.dtype, where
        assert one.detach().numpy().tobytes() == other.detach().numpy().tobytes(), where
    elif isinstance(one, Mapping):
        assert one.keys() == other.keys(), where
        for key, value in one.items():
            same(value, other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        for index, pair in enumerate(zip(one, other, strict=True)):
            same(*pair, f"{where}.{index}")
    else:
        assert one == other, where


def same_state(one: Training, other: Training) -> None:
    same(vars(one.checkpoint()), vars(other.checkpoint()))


def same_steps(origin: Training, fork: Training, steps: int = MORE) -> None:
    for _ in range(steps):
        one, other = step(origin), step(fork)
        same(vars(one), vars(other))
        same_state(origin, fork)
    assert origin.evaluate() == fork.evaluate()


@pytest.mark.parametrize("variants", VARIANTS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: one.kind)
def test_a_fork_equals_its_origin_bit_for_bit(images, optimizer, variants):
    wanted = config(variants, optimizer=optimizer)
    origin = after(Training(wanted, images), CUT)
    kept = origin.checkpoint().to_bytes()
    fork = Training(wanted, images)
    fork.restore(Checkpoint.of_bytes(kept))
    assert fork.steps_done == CUT
    same_state(origin, fork)
    same_steps(origin, fork)


@pytest.mark.parametrize("network", [c.Cnn(depth=2, channels=4), c.Rnn(width=6)], ids=lambda one: one.kind)
def test_so_do_those_of_other_networks(images, network):
    wanted = config(network=network, optimizer=c.Momentum())
    origin = after(Training(wanted, images), 3)
    fork = Training(wanted, images)
    fork.restore(origin.checkpoint())
    same_steps(origin, fork, 6)


@pytest.mark.parametrize("cut", [0, PER_EPOCH - 1, PER_EPOCH])
def test_wherever_it_is_cut(images, cut):
    origin = after(Training(config(), images), cut)
    fork = Training(config(), images)
    fork.restore(origin.checkpoint())
    same_steps(origin, fork, PER_EPOCH + 1)


def test_a_checkpoint_is_a_copy_and_leaves_the_training_as_it_was(images):
    bare = after(Training(config(optimizer=c.Adam()), images), CUT + MORE)
    origin = after(Training(config(optimizer=c.Adam()), images), CUT)
    checkpoint = origin.checkpoint()
    after(origin, MORE)
    same_state(bare, origin)
    forks = [Training(config(optimizer=c.Adam()), images) for _ in range(2)]
    forks[0].restore(checkpoint)
    after(forks[0], MORE)
    forks[1].restore(checkpoint)
    assert forks[1].steps_done == CUT
    after(forks[1], MORE)
    for fork in forks:
        same_state(bare, fork)


def test_a_change_after_the_cut_tells_the_two_apart(images):
    origin = after(Training(config(), images), CUT)
    fork = Training(config(), images)
    fork.restore(origin.checkpoint())
    fork.set_learning_rate(0.01)
    same(vars(step(origin)), vars(step(fork)))
    assert not torch.equal(*(next(iter(one.networks["with BN"].parameters())) for one in (origin, fork)))


def test_inside_a_step_there_is_nothing_to_go_on_from(images):
    training = Training(config(), images)
    training.compute()
    with pytest.raises(RuntimeError, match="update"):
        training.checkpoint()


def test_a_checkpoint_of_something_else_is_refused(images):
    checkpoint = Training(config(), images).checkpoint()
    with pytest.raises(CheckpointError, match="of the networks"):
        Training(config("whitened and plain"), images).restore(checkpoint)
    with pytest.raises(CheckpointError, match="does not fit"):
        Training(config(network=c.Mlp(depth=2, width=9)), images).restore(checkpoint)


def test_bytes_that_are_no_checkpoint_are_refused():
    for contents in (b"", b"something else"):
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            Checkpoint.of_bytes(contents)
    written = io.BytesIO()
    torch.save({"format": 99}, written)
    with pytest.raises(CheckpointError, match="format 99"):
        Checkpoint.of_bytes(written.getvalue())
