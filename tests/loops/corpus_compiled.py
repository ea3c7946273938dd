"""Compiled networks, whole, in part and in place, before the scope and after it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, sgd


def _compiled(
    run: Run, net: nn.Module, *, watched_first: bool = False, part: bool = False, method: bool = False
) -> None:
    """Compile whole, in part, or in place, before the scope or after; the training is the unwatched one's."""
    torch.compiler.reset()
    optimizer = sgd(net)
    if watched_first:
        run.watch(net, optimizer=optimizer)
    trained = net
    if part:
        net.act = torch.compile(net.act, backend="eager")
    elif method:
        net.compile(backend="eager")
    else:
        trained = torch.compile(net, backend="eager")
    if not watched_first:
        run.watch(trained, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(trained(x), y)
        loss.backward()
        if step == 0:
            run.unseen(0)  # no pass is seen, and that none will be is not known yet
            optimizer.step()
            continue
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)
    run.finish()
    torch.compiler.reset()


@loop()
def compiled_and_then_watched(run: Run) -> None:
    _compiled(run, Mlp())


@loop()
def watched_and_then_compiled(run: Run) -> None:
    _compiled(run, Mlp(), watched_first=True)


@loop()
def compiled_in_place_and_then_watched(run: Run) -> None:
    _compiled(run, Mlp(), method=True)


@loop()
def watched_and_then_compiled_in_place(run: Run) -> None:
    _compiled(run, Mlp(), watched_first=True, method=True)


@loop()
def compiled_in_part(run: Run) -> None:
    _compiled(run, Mlp(), part=True)


def _compiled_step(run: Run, *, given: bool) -> None:
    """The optimizer's step is compiled, and calls no hooks: an update shows by the parameters alone."""
    torch.compiler.reset()
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer if given else None)
    run.compare(optimizer)
    update = torch.compile(optimizer.step, backend="eager")
    for step in range(8):
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        if step < 4 and given:
            run.unseen(step)  # that the one which was given will show no step is not known yet
        else:
            run.grads(step, net, "first", "second")
        update()
    run.finish()
    torch.compiler.reset()


@loop(8)
def a_compiled_step_of_the_given_optimizer(run: Run) -> None:
    _compiled_step(run, given=True)


@loop(8)
def a_compiled_step_of_an_optimizer_not_given(run: Run) -> None:
    _compiled_step(run, given=False)
