"""Modules of strange classes, and classes, weights and forwards that are exchanged in mid-run."""

from __future__ import annotations

import types

from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrize, prune

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


def plain(run: Run, net: nn.Module, between=lambda step: None, before=lambda step: None, steps: int = 4) -> None:
    """Train an Mlp; do something before each pass and after each step."""
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(steps):
        before(step)
        mlp_step(run, step, net, optimizer)
        between(step)


class HashedByValue(nn.Linear):
    def __eq__(self, other):
        raise RuntimeError("compare me with nothing")

    def __hash__(self):
        return hash(tuple(self.weight.detach().flatten().tolist()))


@loop(anatomy=False)
def layers_that_compare_by_value(run: Run) -> None:
    net = Mlp()
    net.first = HashedByValue(4, 6)
    plain(run, net)


class Secretive(Mlp):
    """Has attributes of its own making, and refuses others."""

    def __getattr__(self, name):
        if name.startswith("made_"):
            return name
        return super().__getattr__(name)

    def __setattr__(self, name, value):
        if name not in {"first", "act", "second", "training"} and not name.startswith("_"):
            raise AttributeError(name)
        super().__setattr__(name, value)


@loop()
def a_module_that_refuses_attributes(run: Run) -> None:
    plain(run, Secretive())


class CalledTwice(Mlp):
    """Averages over two calls of what it was."""

    def __call__(self, x):
        return (super().__call__(x) + super().__call__(x)) / 2


@loop()
def called_twice_by_its_own_call(run: Run) -> None:
    net = CalledTwice()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def forward_of_an_instance_exchanged_each_step(run: Run) -> None:
    net = Mlp()

    def other(self, x):
        return self.second(self.act(self.first(x))) * 1.0

    def exchange(step):
        if step % 2:
            net.forward = types.MethodType(other, net)
        else:
            net.__dict__.pop("forward", None)

    plain(run, net, before=exchange)
    net.__dict__.pop("forward", None)


@loop(anatomy=False)
def class_exchanged_in_mid_run(run: Run) -> None:
    net = Mlp()

    class Other(Mlp):
        def forward(self, x):
            return super().forward(x) + 0

    def exchange(step):
        if step == 1:
            net.__class__ = Other
            net.act.__class__ = type("MyTanh", (nn.Tanh,), {"__getstate__": lambda self: dict(self.__dict__)})
        if step == 2:
            net.__class__ = Mlp

    plain(run, net, between=exchange)


@loop(6, anatomy=False)
def parametrized_and_unparametrized_in_mid_run(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)

    class Halved(nn.Module):
        def forward(self, weight):
            return weight / 2

    parametrize.register_parametrization(net.first, "weight", Halved())
    run.watch(net)
    for step in range(6):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer = sgd(net)
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
        if step == 2:
            parametrize.remove_parametrizations(net.first, "weight")
        if step == 3:
            parametrize.register_parametrization(net.second, "weight", Halved())


@loop(5, anatomy=False)
def pruned_ever_more_and_made_permanent(run: Run) -> None:
    net = Mlp()
    run.watch(net)
    for step in range(5):
        optimizer = sgd(net)
        if step in {1, 2}:
            prune.l1_unstructured(net.first, "weight", amount=2)
            optimizer = sgd(net)
        if step == 3:
            prune.remove(net.first, "weight")
            optimizer = sgd(net)
        x, y = batch(step)
        passing(run, step, net, x)
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        run.keep(loss)


@loop(anatomy=False)
def weights_tied_by_assignment_in_mid_run(run: Run) -> None:
    net = Mlp(features=4, hidden=4, classes=4)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        if step == 2:
            net.second.weight = net.first.weight
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.number(step, "gradient_norm", float(net.first.weight.grad.norm()), "first", "weight")
        optimizer.step()
