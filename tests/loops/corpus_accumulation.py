"""Gradients accumulated over several micro-batches."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


@loop()
def four_micro_batches_of_unlike_means(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        for mean in range(4):
            x, y = batch(10 * step + mean, mean=float(mean))
            passing(run, step, net, x)
            (F.cross_entropy(net(x), y) / 4).backward()
        run.grads(step, net, "first", "second")
        run.number(step, "micro_batches", 4)
        optimizer.step()


@loop(3)
def micro_batches_of_unlike_sizes(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for index in range(9):
        step, size = index // 3, 2 + 3 * (index % 3)
        x, y = batch(index, size)
        passing(run, step, net, x)
        (F.cross_entropy(net(x), y) / 3).backward()
        if index % 3 == 2:
            run.grads(step, net, "first", "second")
            run.number(step, "micro_batches", 3)
            optimizer.step()
            optimizer.zero_grad()


@loop(3)
def an_epochs_last_accumulation_is_shorter(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    step = held = 0
    for index in range(5):
        x, y = batch(index)
        passing(run, step, net, x)
        F.cross_entropy(net(x), y).backward()
        held += 1
        if held == 2 or index == 4:
            run.number(step, "micro_batches", held)
            run.grads(step, net, "first", "second")
            optimizer.step()
            optimizer.zero_grad()
            step, held = step + 1, 0


@loop()
def losses_of_several_batches_added_up_before_one_backward(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        losses = []
        for part in range(3):
            x, y = batch(3 * step + part, mean=float(part))
            passing(run, step, net, x)
            losses.append(F.cross_entropy(net(x), y))
        torch.stack(losses).mean().backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
