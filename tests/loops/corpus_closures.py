"""Closures: forward and backward run inside the step."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


@loop()
def sgd_with_a_closure(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)

        def closure(step=step, x=x, y=y):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            run.grads(step, net, "first", "second")
            return loss

        run.keep(optimizer.step(closure))


@loop()
def adam_with_a_closure_given_by_name(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)

        def closure(step=step, x=x, y=y):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            run.grads(step, net, "first", "second")
            return loss

        run.keep(optimizer.step(closure=closure))
    run.compare(optimizer)


def _lbfgs(run: Run, **options: object) -> None:
    net = Mlp()
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=3, **options)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        evaluations: list[float] = []

        def closure(step=step, x=x, y=y, evaluations=evaluations):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            if not evaluations:
                run.grads(step, net, "first", "second")
            evaluations.append(float(loss))
            return loss

        optimizer.step(closure)
        run.keep(evaluations)


@loop()
def lbfgs(run: Run) -> None:
    _lbfgs(run)


@loop()
def lbfgs_with_a_line_search(run: Run) -> None:
    _lbfgs(run, line_search_fn="strong_wolfe")


@loop()
def a_closure_that_raises_once(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    step = 0
    for index in range(5):
        x, y = batch(index)

        def closure(x=x, y=y, index=index, step=step):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            if index == 2:
                raise ArithmeticError("an unlucky batch")
            loss.backward()
            run.grads(step, net, "first", "second")
            return loss

        if index != 2:
            passing(run, step, net, x)
        try:
            optimizer.step(closure)
        except ArithmeticError:
            continue
        step += 1
