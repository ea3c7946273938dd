"""What cannot be watched is refused at once, in a sentence, and leaves nothing behind."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import shiftscope
from shiftscope import WatchError, at, every
from shiftscope.testing.collecting import Collecting
from tests.loops.nets import Mlp, batch, sgd
from tests.loops.sameness import anatomy

MISUSE = {
    "a list of models": lambda net: ([net], {}),
    "a tuple of models": lambda net: ((net, net), {}),
    "a class": lambda _: (Mlp, {}),
    "a function": lambda net: (net.forward, {}),
    "nothing": lambda _: (None, {}),
    "a tensor": lambda _: (torch.zeros(3), {}),
    "an optimizer as the model": lambda net: (sgd(net), {}),
    "its parameters": lambda net: (net.parameters(), {}),
    "a network without parameters": lambda _: (nn.Sequential(nn.Flatten(), nn.ReLU()), {}),
    "no models": lambda _: ({}, {}),
    "a dict of classes": lambda _: ({"net": Mlp}, {}),
    "a name that is no text": lambda net: ({1: net}, {}),
    "an empty name": lambda net: ({"": net}, {}),
    "one model under two names": lambda net: ({"a": net, "b": net}, {}),
    "a schedule that is no number of steps": lambda net: (net, {"schedule": 0}),
    "a schedule that is unhashable": lambda net: (net, {"schedule": [1, 2]}),
    "a schedule that is every itself": lambda net: (net, {"schedule": every}),
    "schedules with a number": lambda net: (net, {"schedules": {"channels": 10}}),
    "schedules of no stream": lambda net: (net, {"schedules": {"chanels": every(1)}}),
    "schedules that are no mapping": lambda net: (net, {"schedules": every(1)}),
    "a probe that there is not": lambda net: (net, {"probes": ["momentz"]}),
    "a tier that there is not": lambda net: (net, {"probes": "everything"}),
    "probes that are unhashable": lambda net: (net, {"probes": [["moments"]]}),
    "probes that are a number": lambda net: (net, {"probes": 3}),
    "units below zero": lambda net: (net, {"units": (-1,)}),
    "units that are no numbers": lambda net: (net, {"units": ("first",)}),
    "units that are one number": lambda net: (net, {"units": 2}),
    "an optimizer of another model": lambda net: (net, {"optimizer": sgd(Mlp())}),
    "an optimizer's class": lambda net: (net, {"optimizer": torch.optim.SGD}),
    "the parameters as the optimizer": lambda net: (net, {"optimizer": list(net.parameters())}),
    "optimizers of other names": lambda net: ({"net": net}, {"optimizer": {"other": sgd(net)}}),
    "an optimizer's name": lambda net: (net, {"optimizer": "adam"}),
    "a loss that is a number": lambda net: (net, {"loss": 3}),
    "gradient shift without a loss": lambda net: (net, {"probes": ["gradient_shift"]}),
    "steps below zero": lambda net: (net, {"total_steps": -3}),
    "steps that are no number": lambda net: (net, {"total_steps": "many"}),
    "on_error that there is not": lambda net: (net, {"on_error": "ignore"}),
    "a place that is a number": lambda net: (net, {"to": 3}),
    "a place that is a class": lambda net: (net, {"to": Collecting}),
    "a name of the run that is a number": lambda net: (net, {"name": 3}),
    "a word that there is not": lambda net: (net, {"shedule": at(1)}),
}


@pytest.mark.parametrize("misuse", MISUSE)
def test_misuse_is_refused_and_leaves_nothing_behind(misuse, tmp_path):
    torch.manual_seed(0)
    net = Mlp()
    before = anatomy(net)
    models, options = MISUSE[misuse](net)
    to = options.pop("to", tmp_path / "run.shiftscope")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((WatchError, ValueError, TypeError)) as refused:
            shiftscope.watch(models, to=to, **options)
    text = str(refused.value)
    assert len(text) > 15, text
    assert "\n" not in text
    assert list(tmp_path.iterdir()) == []
    assert anatomy(net) == before
    optimizer = sgd(net)
    x, y = batch(0)
    F.cross_entropy(net(x), y).backward()
    optimizer.step()
    assert list(tmp_path.iterdir()) == []


def test_the_same_options_well_spelled_are_taken(tmp_path):
    """The table above can fail: what it misuses can be used."""
    net = Mlp()
    scope = shiftscope.watch(
        {"net": net},
        to=tmp_path / "run.shiftscope",
        schedule=every(1),
        schedules={"channels": every(2)},
        probes=["moments"],
        units=(0, 1),
        optimizer={"net": sgd(net)},
        total_steps=3,
        name="mine",
        on_error="raise",
    )
    scope.close()
