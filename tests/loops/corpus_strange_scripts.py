"""Scripts that are strange: profiled, in coroutines, with errors that they catch."""

from __future__ import annotations

import cProfile
import sys
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.corpus_strange_classes import plain
from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, Normed, batch, mlp_step, passing, sgd


@loop()
def every_warning_is_an_error_and_numpy_raises(run: Run) -> None:
    before = np.seterr(all="raise")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            net = Mlp()
            with torch.no_grad():
                net.first.weight.zero_()
                net.second.bias.fill_(1e-38)
            plain(run, net)
    finally:
        np.seterr(**before)


@loop()
def profiled_and_traced_by_python(run: Run) -> None:
    profile = cProfile.Profile()
    calls = []
    profile.enable()
    try:
        plain(run, Mlp(), steps=2)
    finally:
        profile.disable()
    before = sys.gettrace()
    sys.settrace(lambda *_: calls.append(1))
    try:
        net = Mlp()
    finally:
        sys.settrace(before)
    optimizer = sgd(net)
    run.compare(net, optimizer)
    run.free |= {(0, 2), (0, 3)}


class Turn:
    """Lets another coroutine go on."""

    def __await__(self):
        yield


@loop(4, 4)
def two_trainings_in_turn_as_coroutines(run: Run) -> None:
    async def training(scope):
        net = Mlp()
        optimizer = sgd(net)
        run.watch(net, optimizer=optimizer)
        for step in range(4):
            x, y = batch(step + 10 * scope)
            passing(run, step, net, x, scope=scope)
            optimizer.zero_grad()
            out = net(x)
            await Turn()
            F.cross_entropy(out, y).backward()
            await Turn()
            run.grads(step, net, "first", "second", scope=scope)
            optimizer.step()

    # By hand: what runs the tests may be in a loop of asyncio's, in which there is no second one.
    trainings = [training(0), training(1)]
    while trainings:
        trainings = [one for one in trainings if goes_on(one)]


def goes_on(training) -> bool:
    """Run a coroutine to where it waits next."""
    try:
        training.send(None)
    except StopIteration:
        return False
    return True


@loop()
def parameters_appended_to_a_group_in_place(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.SGD(net.second.parameters(), lr=0.1)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        if step == 2:
            optimizer.param_groups[0]["params"] += list(net.first.parameters())
        mlp_step(run, step, net, optimizer)
        net.zero_grad()


@loop(6)
def trainability_that_toggles_each_step(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net, momentum=0.9)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        net.first.requires_grad_(step % 2 == 0)
        net.second.requires_grad_(step % 3 != 2)
        x, y = batch(step)
        optimizer.zero_grad()
        if net.first.weight.requires_grad or net.second.weight.requires_grad:
            passing(run, step, net, x)
            F.cross_entropy(net(x), y).backward()
        optimizer.step()
    run.free |= {(0, 5)}
    run.compare()


@loop()
def an_exception_after_the_first_layer_and_a_loss_of_what_there_was(run: Run) -> None:
    """A pass fails half way; the script goes on with what the first layer gave, and that is the step's."""

    class Failing(Mlp):
        def forward(self, x):
            self.hidden = self.first(x)
            if self.fails:
                raise ValueError("half way")
            return self.second(self.act(self.hidden))

    net = Failing()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        net.fails = bool(step % 2)
        x, y = batch(step)
        optimizer.zero_grad()
        try:
            loss = F.cross_entropy(net(x), y)
        except ValueError:
            loss = net.hidden.square().mean()
        loss.backward()
        run.grads(step, net, *(["first"] if net.fails else ["first", "second"]))
        optimizer.step()
        run.keep(loss)
        del net.hidden, net.fails


@loop(2)
def closed_by_a_hook_in_the_pass(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    scope = run.watch(net, optimizer=optimizer)
    for step in range(4):
        if step == 2:
            handle = net.act.register_forward_hook(lambda *_: scope.close())
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        run.keep(loss)
    handle.remove()


@loop(3)
def watched_from_within_a_pass(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    handles = []

    def begin(*_: object) -> None:
        run.watch(net, optimizer=optimizer)
        handles[0].remove()

    handles.append(net.act.register_forward_hook(begin))
    run.unseen(0)
    for step in range(3):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        run.keep(loss)
    run.compare(net)
    handles.clear()


@loop()
def blocks_popped_and_put_back_by_name(run: Run) -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleDict({"first": nn.Linear(4, 6), "second": nn.Linear(6, 3)})

        def forward(self, x):
            return self.parts["second"](self.parts["first"](x).tanh())

    net = Named()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        part = net.parts.pop("first")
        net.parts["first"] = part
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "parts.first", "parts.second")
        optimizer.step()


@loop()
def saved_on_another_device_and_mutated_later(run: Run) -> None:
    net = Normed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        with torch.autograd.graph.save_on_cpu(), torch.autograd.graph.allow_mutation_on_saved_tensors():
            out = net(x)
            loss = F.cross_entropy(out, y)
            x.zero_()
            loss.backward()
        run.grads(step, net, "head")
        optimizer.step()
        run.keep(loss)


@loop()
def anomaly_detection_finds_nan_and_the_script_goes_on(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    with torch.autograd.set_detect_anomaly(True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in range(4):
            try:
                (net(batch(5)[0]) * 0).sqrt().sum().backward()
            except RuntimeError as error:
                run.keep(str(error))
            mlp_step(run, step, net, optimizer)
