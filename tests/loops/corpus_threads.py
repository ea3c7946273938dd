"""Threads, forks, data loaders and replicas."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


@loop()
def trained_in_another_thread(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)

    def train() -> None:
        for step in range(4):
            mlp_step(run, step, net, optimizer)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()


@loop()
def evaluated_in_another_thread(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    with ThreadPoolExecutor(1) as pool:
        for step in range(4):
            run.keep(pool.submit(lambda: net(batch(44, mean=9.0)[0]).detach()).result())
            mlp_step(run, step, net, optimizer)
            run.keep(pool.submit(lambda: net(batch(45, mean=9.0)[0]).detach()).result())


@loop()
def replicas_called_from_two_threads(run: Run) -> None:
    """DataParallel, where there is no GPU: replicas share what the original has but its parameters.

    What passes them is nobody's: the gradients are the original's.
    """
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        replicas = [_replica(net) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            halves = list(pool.map(lambda pair: pair[0](pair[1]), zip(replicas, x.chunk(2), strict=True)))
        F.cross_entropy(torch.cat(halves), y).backward()
        if step == 0:
            run.unseen(0)  # no pass is seen, and that none will be is not known yet
        else:
            run.grads(step, net, "first", "second")
        optimizer.step()


def _replica(net: Mlp) -> nn.Module:
    """Replicate as nn.parallel.replicate does: the replica's weights are views of the original's."""
    made = net._replicate_for_data_parallel()  # noqa: SLF001  torch's own way
    for name, child in net.named_children():
        copied = child._replicate_for_data_parallel()  # noqa: SLF001
        for own, parameter in child.named_parameters(recurse=False):
            setattr(copied, own, parameter.view_as(parameter))
        setattr(made, name, copied)
    return made


@loop()
def data_parallel_without_a_gpu(run: Run) -> None:
    net = Mlp()
    wrapped = nn.DataParallel(net)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(wrapped(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def the_wrapper_of_data_parallel_is_watched(run: Run) -> None:
    net = Mlp()
    wrapped = nn.DataParallel(net)
    optimizer = sgd(wrapped)
    run.watch(wrapped, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        out = wrapped(x)
        run.site(step, "module.second", "output", out)
        F.cross_entropy(out, y).backward()
        run.grads(step, wrapped, "module.first", "module.second")
        optimizer.step()


@loop()
def a_data_loader_with_forked_workers(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    x, y = batch(0, 32)
    loader = DataLoader(TensorDataset(x, y), batch_size=8, num_workers=2, multiprocessing_context="fork")
    for step, (inputs, labels) in enumerate(loader):
        passing(run, step, net, inputs)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(inputs), labels)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def a_fork_that_runs_the_network(run: Run) -> None:
    """The child has the scope, too, but neither the run nor its file."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        if step == 2:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    F.cross_entropy(net(batch(0)[0]), batch(0)[1]).backward()
                    optimizer.step()
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(child, 0)[1] == 0
        mlp_step(run, step, net, optimizer)
