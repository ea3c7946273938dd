"""Graphs that are strange: made by functions of one's own, hooks, penalties and checkpoints."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from tests.loops.corpus_strange_classes import plain
from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


class Hyper(nn.Module):
    """A network makes the weights of another one."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = nn.Linear(2, 12)
        self.code = nn.Parameter(torch.randn(2))

    def forward(self, x):
        return F.linear(x, self.maker(self.code).view(3, 4))


@loop()
def a_hypernetwork(run: Run) -> None:
    net = Hyper()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            run.site(step, "maker", "output", F.linear(net.code, net.maker.weight, net.maker.bias))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "maker")
        optimizer.step()


class Cubed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, how):
        ctx.save_for_backward(x)
        ctx.set_materialize_grads(False)
        return x**3, how, None

    @staticmethod
    def backward(ctx, slope, *_):
        (x,) = ctx.saved_tensors
        return None if slope is None else 3 * slope * x**2, None


class WithFunction(Mlp):
    def forward(self, x):
        cubed, _, _ = Cubed.apply(self.first(x), "how")
        return self.second(self.act(cubed))


@loop()
def a_function_of_ones_own_that_returns_more(run: Run) -> None:
    net = WithFunction()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def backward_that_makes_a_graph_and_a_penalty_of_the_gradients(run: Run) -> None:
    """The first backward pass fills the gradients, the second adds the penalty's."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            F.cross_entropy(net(x), y).backward(create_graph=True)
        penalty = sum(p.grad.square().sum() for p in net.parameters())
        penalty.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        net.zero_grad()


@loop()
def hooks_that_change_gradients_and_outputs_with_keywords(run: Run) -> None:
    net = Mlp()
    net.act.register_forward_hook(lambda _m, _a, _k, out: out * 0.5, with_kwargs=True, prepend=True)
    net.register_full_backward_pre_hook(lambda _m, slope: tuple(one * 2 for one in slope))
    net.second.register_full_backward_hook(lambda _m, given, _out: tuple(one * 3 for one in given))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def a_full_backward_hook_and_an_activation_in_place(run: Run) -> None:
    """torch forbids it: the error is the script's own, and the same."""
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 3))
    handle = net[0].register_full_backward_hook(lambda *_: None)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(5):
        x, y = batch(step)
        optimizer.zero_grad()
        try:
            F.cross_entropy(net(x), y).backward()
        except RuntimeError as error:
            run.keep(str(error))
            handle.remove()
            continue
        optimizer.step()


@loop()
def checkpointed_twice_with_dropout(run: Run) -> None:
    class Inner(Mlp):
        def forward(self, x):
            return self.second(checkpoint(lambda h: F.dropout(self.act(self.first(h)), 0.3), x, use_reentrant=False))

    net = Inner()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        x.requires_grad_()
        with torch.no_grad():
            run.site(step, "first", "pre_activation", F.linear(x, net.first.weight, net.first.bias))
        optimizer.zero_grad()
        loss = F.cross_entropy(checkpoint(net, x, use_reentrant=False), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def a_sequence_checkpointed_in_parts(run: Run) -> None:
    net = nn.Sequential(*[one for _ in range(3) for one in (nn.Linear(4, 4), nn.Tanh())])
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, _ = batch(step)
        optimizer.zero_grad()
        loss = checkpoint_sequential(net, 2, x.requires_grad_(), use_reentrant=bool(step % 2)).square().mean()
        loss.backward()
        optimizer.step()
        run.keep(loss)


@loop()
def evaluated_in_inference_mode_between_pass_and_backward(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        with torch.inference_mode():
            run.keep(net(batch(50)[0]).clone())
        loss.backward()
        with torch.inference_mode():
            run.keep(net(batch(51, 0)[0]).clone())
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def initialized_anew_in_mid_run(run: Run) -> None:
    net = Mlp()

    def anew(one):
        if isinstance(one, nn.Linear):
            nn.init.normal_(one.weight)

    plain(run, net, between=lambda step: net.apply(anew) if step == 1 else None)
