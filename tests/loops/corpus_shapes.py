"""Batches of one, of none and of changing sizes; methods that are called instead of the forward."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


def _train(run: Run, net: nn.Module, call, sizes=(8, 8, 8, 8)) -> None:
    """Train a network that is called in its own way; `call` gives its logits."""
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step, size in enumerate(sizes):
        x, y = batch(step, size)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(call(net, x, y), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def batches_of_one(run: Run) -> None:
    _train(run, Mlp(), lambda net, x, _: net(x), (1, 1, 1, 1))


@loop(7)
def sizes_that_change(run: Run) -> None:
    _train(run, Mlp(), lambda net, x, _: net(x), (8, 3, 1, 40, 8, 2, 9))


@loop()
def an_empty_batch(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step, 0 if step == 2 else 8)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y, reduction="sum")
        loss.backward()
        if step == 2:
            run.number(step, "mean", float("nan"), "second", "output")
            run.number(step, "gradient_norm", 0.0, "second", "weight")
        else:
            run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def an_empty_batch_first(run: Run) -> None:
    _empty_first(run)


def _empty_first(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step, 8 if step else 0)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y, reduction="sum")
        loss.backward()
        if step:
            passing(run, step, net, x)
            run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def one_sample_without_a_batch_axis(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x[0])
        optimizer.zero_grad()
        F.cross_entropy(net(x[0]), y[0]).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop(6)
def ranks_that_change(run: Run) -> None:
    """One sample, a batch, a batch of sequences."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        x = batch(step)[0]
        x = (x[0], x, x.reshape(2, 2, 2, 4))[step % 3]
        passing(run, step, net, x)
        optimizer.zero_grad()
        net(x).square().mean().backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_scalar_comes_out(run: Run) -> None:
    class Own(Mlp):
        def forward(self, x, y):
            return F.cross_entropy(super().forward(x), y)

    net = Own()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        net(x, y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def encode_and_decode_instead_of_forward(run: Run) -> None:
    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.act, self.second = nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 4)

        def encode(self, x):
            return self.act(self.first(x))

        def decode(self, z):
            return self.second(z)

    net = Vae()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, _ = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.mse_loss(net.decode(net.encode(x)), x).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_training_step_that_is_a_method(run: Run) -> None:
    """Lightning-like: the module computes its loss; its forward is for inference alone."""

    class Module(Mlp):
        def training_step(self, pair, index):
            x, y = pair
            return {"loss": F.cross_entropy(self.second(self.act(self.first(x))), y), "index": index}

    net = Module()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        passing(run, step, net, batch(step)[0])
        optimizer.zero_grad()
        net.training_step(batch(step), step)["loss"].backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
