"""Layers below a cut stand still to the bit, and nothing else does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from shiftscope import config as c
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.loop import Training

BATCH = 10
PLAIN, NORMALIZED = "without BN", "with BN"
OPTIMIZERS: list[c.Optimizer] = [c.Sgd(), c.Momentum(), c.RmsProp(), c.Adam()]


def training(images: Data, **changes: object) -> Training:
    variants = (c.Variant(name=PLAIN), c.Variant(name=NORMALIZED, normalization=c.BatchNormalization()))
    config = {"network": c.Mlp(depth=3, width=8), "batch_size": BATCH, "variants": variants, **changes}
    return Training(c.RunConfig.model_validate(config), images)


def go(training: Training, steps: int) -> None:
    for _ in range(steps):
        training.compute()
        training.update()


def state(network: nn.Module, layers: tuple[str, ...]) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items() if name.startswith(layers)}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    assert one.keys() == other.keys()
    assert one
    return all(torch.equal(value, other[name]) for name, value in one.items())


BELOW, ABOVE = ("hidden 1", "hidden 2"), ("hidden 3", "output")


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: one.kind)
@pytest.mark.parametrize("clipping", [c.NoClipping(), c.ClipByNorm()], ids=lambda one: one.kind)
@pytest.mark.parametrize("name", [PLAIN, NORMALIZED])
def test_what_lies_below_stands_still_to_the_bit(
    images: Data, optimizer: c.Optimizer, clipping: c.Clipping, name: str
) -> None:
    touched, free = (training(images, optimizer=optimizer, clipping=clipping) for _ in range(2))
    go(touched, 5)
    go(free, 5)
    touched.intervene(name, c.Intervention(freeze_below="hidden 3"))
    network, other = touched.networks[name], next(one for one in touched.networks if one != name)
    before, moving = state(network, BELOW), state(network, ABOVE)
    moments = [optimizer_state(touched, name, layer) for layer in BELOW]
    go(touched, 12)
    go(free, 12)
    assert same(state(network, BELOW), before)
    assert moments == [optimizer_state(touched, name, layer) for layer in BELOW]
    above = state(network, ABOVE)
    assert not any(torch.equal(above[f"{layer}.linear.weight"], moving[f"{layer}.linear.weight"]) for layer in ABOVE)
    assert same(dict(touched.networks[other].state_dict()), dict(free.networks[other].state_dict()))
    touched.intervene(name, c.Intervention())
    go(touched, 3)
    released = state(network, BELOW)
    assert not any(torch.equal(released[f"{layer}.linear.weight"], before[f"{layer}.linear.weight"]) for layer in BELOW)


def optimizer_state(training: Training, name: str, layer: str) -> list[object]:
    parameters = training.networks[name].get_submodule(layer).parameters()
    kept = [training.optimizers[name].state.get(parameter, {}) for parameter in parameters]
    return [value.tolist() if isinstance(value, Tensor) else value for one in kept for value in one.values()]


def test_a_release_at_once_changes_nothing(images: Data) -> None:
    touched, free = training(images), training(images)
    touched.intervene(NORMALIZED, c.Intervention(freeze_below="output"))
    touched.intervene(NORMALIZED, c.Intervention())
    go(touched, 9)
    go(free, 9)
    for name, network in free.networks.items():
        assert same(dict(touched.networks[name].state_dict()), dict(network.state_dict()))


@pytest.mark.parametrize("layer", ["hidden 1", "hidden 9", ""])
def test_a_layer_without_any_below_is_refused(images: Data, layer: str) -> None:
    with pytest.raises(ValueError, match="there are layers below hidden 2, hidden 3, output"):
        training(images).intervene(PLAIN, c.Intervention(freeze_below=layer))


def test_a_network_that_there_is_not_is_refused(images: Data) -> None:
    with pytest.raises(ValueError, match="there are without BN, with BN"):
        training(images).intervene("BN", c.Intervention())


def test_rows_that_share_their_weights_cannot_be_frozen(images: Data) -> None:
    rows = training(images, network=c.Rnn(width=8))
    with pytest.raises(ValueError, match="share their weights"):
        rows.intervene(PLAIN, c.Intervention(freeze_below="output"))
