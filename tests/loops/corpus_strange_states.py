"""What happens to weights, types and the process beside the passes."""

from __future__ import annotations

import copy
import os
import signal
import threading

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.corpus_strange_classes import plain
from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


@loop(6, anatomy=False)
def half_in_mid_run_and_back(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        if step == 2:
            net.half()
        if step == 4:
            net.float()
        x, y = batch(step)
        x = x.to(net.first.weight.dtype)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x).float(), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop(6)
def swapped_in_place_when_converted(run: Run) -> None:
    """torch's coming way of converting modules, and of reading their states, allows no weak references."""
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        net = Mlp()
        optimizer = sgd(net)
        run.watch(net, optimizer=optimizer)
        for step in range(6):
            x, y = batch(step)
            x = x.to(net.first.weight.dtype)
            passing(run, step, net, x)
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            run.grads(step, net, "first", "second")
            optimizer.step()
            run.keep(loss)
            if step == 2:
                net.load_state_dict(copy.deepcopy(net.state_dict()))
            del loss
            net.to(torch.float64 if step % 2 else torch.float32)
            optimizer.zero_grad()
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)


@loop()
def evaluated_by_threads_all_the_time(run: Run) -> None:
    net = Mlp()
    over = threading.Event()

    def evaluate():
        while not over.is_set():
            with torch.no_grad():
                net(batch(60)[0])

    threads = [threading.Thread(target=evaluate) for _ in range(2)]
    for one in threads:
        one.start()
    try:
        plain(run, net)
    finally:
        over.set()
        for one in threads:
            one.join()


@loop()
def a_time_limit_in_the_middle_of_a_pass(run: Run) -> None:
    class Limited(Mlp):
        tries = 0

        def forward(self, x):
            hidden = self.first(x)
            type(self).tries += 1
            if type(self).tries % 2:
                signal.raise_signal(signal.SIGALRM)
            return self.second(self.act(hidden))

    def late(*_):
        raise TimeoutError("too late")

    before = signal.signal(signal.SIGALRM, late)
    net = Limited()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    try:
        for step in range(4):
            x, y = batch(step)
            passing(run, step, net, x)
            optimizer.zero_grad()
            while True:
                try:
                    F.cross_entropy(net(x), y).backward()
                    break
                except TimeoutError as error:
                    run.keep(str(error))
            run.grads(step, net, "first", "second")
            optimizer.step()
    finally:
        signal.signal(signal.SIGALRM, before)


@loop()
def an_interrupt_in_backward_that_is_caught(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)

    def interrupt(_slope):
        raise KeyboardInterrupt

    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        hidden = net.act(net.first(x))
        hidden.register_hook(interrupt)
        try:
            F.cross_entropy(net.second(hidden), y).backward()
        except KeyboardInterrupt:
            run.keep("caught")
        mlp_step(run, step, net, optimizer)


@loop()
def forked_children_train_and_leave(run: Run) -> None:
    net = Mlp()

    def fork(step):
        child = os.fork()
        if child == 0:
            try:
                own = sgd(net)
                for _ in range(3):
                    own.zero_grad()
                    net(batch(3)[0]).sum().backward()
                    own.step()
            finally:
                os._exit(0)
        run.keep(os.waitpid(child, 0)[1])

    torch.set_num_threads(torch.get_num_threads())
    plain(run, net, before=fork, between=fork)


@loop()
def copied_with_its_optimizer_and_both_are_trained(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        other, own = copy.deepcopy((net, optimizer))
        own.zero_grad()
        other(batch(70, mean=30.0)[0]).sum().backward()
        own.step()
        run.keep(other.state_dict(), own.state_dict())
        mlp_step(run, step, net, optimizer)


@loop()
def default_type_and_device_set_in_mid_run(run: Run) -> None:
    net = Mlp()

    def defaults(step):
        torch.set_default_dtype(torch.float64 if step % 2 else torch.float32)
        torch.set_default_device("meta" if step == 2 else "cpu")

    try:
        plain(run, net, between=defaults, steps=1)
        for step in range(1, 4):
            defaults(step)
            _train_on(run, net, step)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


def _train_on(run: Run, net: nn.Module, step: int) -> None:
    generator = np.random.default_rng(step)
    x = torch.from_numpy(generator.normal(size=(8, 4)).astype(np.float32))
    y = torch.from_numpy(generator.integers(0, 3, size=8))
    passing(run, step, net, x)
    net.zero_grad()
    F.cross_entropy(net(x), y).backward()
    run.grads(step, net, "first", "second")
    sgd(net).step()
