"""Forwards that people replace and hooks that they put on, before a scope and after it."""

from __future__ import annotations

import functools
import inspect
from types import MethodType

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


def _train(
    run: Run, net: nn.Module, optimizer: torch.optim.Optimizer, steps: range = range(4), times: float = 1
) -> None:
    """Train, where somebody doubles (or so) what goes into the network."""
    for step in steps:
        x, y = batch(step)
        passing(run, step, net, x * times)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


def _doubled(forward):
    @functools.wraps(forward)
    def doubled(x):
        return forward(2 * x)

    return doubled


@loop()
def forward_wrapped_before(run: Run) -> None:
    net = Mlp()
    net.forward = _doubled(net.forward)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    _train(run, net, optimizer, times=2)
    run.keep(net.forward.__name__, str(inspect.signature(net.forward)))


@loop()
def forward_wrapped_after(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    net.forward = _doubled(net.forward)
    _train(run, net, optimizer, times=2)
    run.keep(net.forward.__wrapped__.__qualname__)


@loop(6)
def forward_wrapped_in_mid_run_and_unwrapped(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    _train(run, net, optimizer, range(2))
    before = net.forward
    net.forward = _doubled(net.forward)
    _train(run, net, optimizer, range(2, 4), times=2)
    net.forward = before
    _train(run, net, optimizer, range(4, 6))
    run.keep("forward" in vars(net))


@loop()
def a_layers_forward_wrapped_after(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    net.first.forward = _doubled(net.first.forward)
    _train(run, net, optimizer, times=2)


@loop(0, 4)
def forwards_wrapped_before_between_and_after_two_scopes(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    net.first.forward = _doubled(net.first.forward)
    run.watch(net, optimizer=optimizer).close()
    net.first.forward = _doubled(net.first.forward)
    run.watch(net, optimizer=optimizer)
    net.first.forward = _doubled(net.first.forward)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        run.keep(loss)


@loop()
def autocast_put_on_as_accelerate_does(run: Run) -> None:
    """`prepare` wraps the function of the forward, and binds it anew, after watch."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    net.original_forward = net.forward
    autocast = torch.autocast("cpu", torch.bfloat16)
    net.forward = MethodType(autocast(net.forward.__func__), net)
    for step in range(4):
        x, y = batch(step)
        with torch.autocast("cpu", torch.bfloat16):
            passing(run, step, net, x)
        optimizer.zero_grad()
        out = net(x)
        run.keep(str(out.dtype), out)
        F.cross_entropy(out.float(), y).backward()
        optimizer.step()
    net.forward = net.original_forward
    del net.original_forward


@loop()
def signature_and_globals_read_as_a_trainer_does(run: Run) -> None:
    """transformers drops the columns that the signature does not name."""

    class Keyed(Mlp):
        def forward(self, x, labels=None):
            out = super().forward(x)
            return {"loss": F.cross_entropy(out, labels), "logits": out}

    net = Keyed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        columns = {"x": x, "labels": y, "text": "dropped"}
        names = inspect.signature(net.forward).parameters
        run.keep(list(names), inspect.getsource(net.forward), net.forward.__globals__["__name__"])
        passing(run, step, net, x)
        optimizer.zero_grad()
        net(**{name: value for name, value in columns.items() if name in names})["loss"].backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def forward_replaced_on_the_class(run: Run) -> None:
    class Own(Mlp):
        pass

    net = Own()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    Own.forward = lambda self, x: Mlp.forward(self, 2 * x)
    _train(run, net, optimizer, times=2)


@loop()
def a_call_of_ones_own(run: Run) -> None:
    class Own(Mlp):
        def __call__(self, x):
            return super().__call__(2 * x)

    net = Own()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    _train(run, net, optimizer, times=2)


@loop()
def the_forward_is_called_itself(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net.forward(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
