"""Scopes one after another, at the same time, in cells that are run again; threads and data loaders."""

from __future__ import annotations

import gc

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


@loop(3, 3)
def one_scope_after_another(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    for scope in range(2):
        with run.watch(net, optimizer=optimizer):
            for step in range(3):
                mlp_step(run, step, net, optimizer, scope=scope)


@loop(2, 4, state=("stopped", "finished"))
def a_cell_that_is_run_again(run: Run) -> None:
    """The same network is watched anew, with nobody closing the first scope: that ends it."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(2):
        mlp_step(run, step, net, optimizer, scope=0)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer, scope=1)


@loop(2, 3)
def a_cell_that_makes_the_network_anew(run: Run) -> None:
    for scope, steps in enumerate((2, 3)):
        net = Mlp()
        optimizer = sgd(net)
        with run.watch(net, optimizer=optimizer):
            for step in range(steps):
                mlp_step(run, step, net, optimizer, scope=scope)
        run.compare(net)


class Task(nn.Module):
    """A head of its own on a trunk that others use, too."""

    def __init__(self, first: nn.Linear) -> None:
        super().__init__()
        self.first, self.act, self.second = first, nn.Tanh(), nn.Linear(6, 3)

    def forward(self, x):
        return self.second(self.act(self.first(x)))


def _shared_trunk(run: Run, order: tuple[int, int]) -> None:
    trunk = nn.Linear(4, 6)
    tasks = [Task(trunk), Task(trunk)]
    optimizers = [sgd(task) for task in tasks]
    scopes = [run.watch(task, optimizer=optimizer) for task, optimizer in zip(tasks, optimizers, strict=True)]
    for step in range(3):
        for scope, (task, optimizer) in enumerate(zip(tasks, optimizers, strict=True)):
            x, y = batch(step + 10 * scope)
            with torch.no_grad():
                hidden = torch.tanh(F.linear(x, trunk.weight, trunk.bias))
                out = F.linear(hidden, task.second.weight, task.second.bias)
            run.site(step, "second", "output", out, scope=scope)
            optimizer.zero_grad()
            F.cross_entropy(task(x), y).backward()
            run.grads(step, task, "second", scope=scope)
            optimizer.step()
    for scope in order:
        scopes[scope].close()
        run.keep([task(batch(7)[0]) for task in tasks])
    run.keep(sorted(vars(trunk)))


@loop(3, 3)
def a_shared_trunk_and_the_first_scope_closed_first(run: Run) -> None:
    _shared_trunk(run, (0, 1))


@loop(3, 3)
def a_shared_trunk_and_the_last_scope_closed_first(run: Run) -> None:
    _shared_trunk(run, (1, 0))


@loop(4, 4)
def a_submodule_watched_beside_its_network(run: Run) -> None:
    net = nn.Sequential(Mlp(classes=5), nn.Tanh(), nn.Linear(5, 3))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    run.watch(net[0], optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net[0], x, scope=1)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "0.first", "2", scope=0)
        run.grads(step, net[0], "first", "second", scope=1)
        optimizer.step()


@loop()
def the_scope_is_not_kept(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    gc.collect()
    for step in range(4):
        mlp_step(run, step, net, optimizer)


@loop(3)
def closed_in_the_middle_of_a_step(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    scope = run.watch(net, optimizer=optimizer)
    for step in range(3):
        mlp_step(run, step, net, optimizer)
    x, y = batch(3)
    loss = F.cross_entropy(net(x), y)
    scope.close()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for step in range(2):
        F.cross_entropy(net(batch(step)[0]), batch(step)[1]).backward()
        optimizer.step()


@loop(3)
def watched_from_the_middle_of_a_step(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    loss = F.cross_entropy(net(batch(9)[0]), batch(9)[1])
    run.watch(net, optimizer=optimizer)
    loss.backward()
    run.unseen(0)
    optimizer.step()
    for step in range(1, 3):
        mlp_step(run, step, net, optimizer)
