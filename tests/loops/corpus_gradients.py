"""What becomes of gradients between backward pass and update: scaled, dropped, zero, replaced, kept."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


def _backward(run: Run, step: int, net: nn.Module, *, seed: int | None = None, mean: float = 0.0) -> torch.Tensor:
    """Run a pass that is the step's, and its backward pass."""
    x, y = batch(step if seed is None else seed, mean=mean)
    passing(run, step, net, x)
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    return loss


@loop()
def an_attack_and_gradients_set_to_zero_in_place(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        attacked = (batch(step)[0] * 30).requires_grad_()
        net(attacked).square().mean().backward()
        run.keep(attacked.grad)
        optimizer.zero_grad(set_to_none=False)
        _backward(run, step, net)
        run.grads(step, net, "first", "second")
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)


@loop()
def micro_batches_on_gradients_set_to_zero_in_place(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad(set_to_none=False)
        for part in range(3):
            _backward(run, step, net, seed=3 * step + part, mean=float(part))
        run.number(step, "micro_batches", 3)
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def scaled_and_made_noisy_by_hand(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        _backward(run, step, net)
        for parameter in net.parameters():
            parameter.grad.mul_(0.5).add_(torch.randn_like(parameter.grad))
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def halved_between_two_micro_batches(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        _backward(run, step, net, seed=2 * step)
        for parameter in net.parameters():
            parameter.grad.mul_(0.5)
        _backward(run, step, net, seed=2 * step + 1, mean=5.0)
        run.number(step, "micro_batches", 2)
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def one_layers_gradients_dropped(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        _backward(run, step, net)
        if step % 2:
            for parameter in net.first.parameters():
                parameter.grad = None
        run.grads(step, net, "second")
        if step % 2:
            run.number(step, "gradient_norm", 0.0, "first", "weight")
        optimizer.step()


@loop()
def a_dead_layer_in_two_micro_batches(run: Run) -> None:
    """Its gradients are zero, and its values are the step's all the same."""
    net = Mlp()
    net.second.weight.data.zero_()
    optimizer = torch.optim.SGD(net.first.parameters(), lr=0.1)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        net.zero_grad()
        for part in range(2):
            _backward(run, step, net, seed=2 * step + part, mean=3.0 * part)
        run.number(step, "micro_batches", 2)
        run.grads(step, net, "first")
        optimizer.step()


@loop()
def copied_into_buffers_and_back(run: Run) -> None:
    """Accumulated in tensors of one's own, as for data that do not fit."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        sums = [torch.zeros_like(parameter) for parameter in net.parameters()]
        for part in range(2):
            net.zero_grad()
            loss = F.cross_entropy(net(batch(2 * step + part)[0]), batch(2 * step + part)[1])
            loss.backward()
            for total, parameter in zip(sums, net.parameters(), strict=True):
                total.add_(parameter.grad)
        for total, parameter in zip(sums, net.parameters(), strict=True):
            parameter.grad = total
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def two_losses_of_two_passes(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        _backward(run, step, net, seed=step)
        x = batch(step + 20, 3, mean=4.0)[0]
        passing(run, step, net, x)
        net(x).square().mean().backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop(8)
def stepped_twice_after_one_backward(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        _backward(run, 2 * step, net)
        run.grads(2 * step, net, "first", "second")
        optimizer.step()
        run.unseen(2 * step + 1)
        optimizer.step()


@loop()
def backward_inside_the_forward(run: Run) -> None:
    """An energy's slope by the input is what the network gives."""

    class Energy(Mlp):
        def forward(self, x):
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(super().forward(x).square().sum(), x, create_graph=True)
            return slope

    net = Energy()
    optimizer = sgd(net, lr=0.01)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, _ = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), torch.ones_like(x))
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def backward_under_no_grad_settings(run: Run) -> None:
    """Gradients are off everywhere but where they are wanted."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    torch.set_grad_enabled(mode=False)
    try:
        for step in range(4):
            optimizer.zero_grad()
            with torch.enable_grad():
                _backward(run, step, net)
            run.grads(step, net, "first", "second")
            optimizer.step()
    finally:
        torch.set_grad_enabled(mode=True)


@loop()
def trained_in_eval_mode(run: Run) -> None:
    net = Mlp().eval()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        optimizer.zero_grad()
        _backward(run, step, net)
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_target_of_the_same_net_under_no_grad(run: Run) -> None:
    """BYOL- or consistency-like: the same layers run with a graph and without in one update."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, _ = batch(step)
        with torch.no_grad():
            target = net(x * 40)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.mse_loss(net(x), target).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_straight_through_estimator(run: Run) -> None:
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(_context, x):
            return x.round()

        @staticmethod
        def backward(_context, gradient):
            return gradient

    class Rounded(Mlp):
        def forward(self, x):
            return self.second(self.act(Round.apply(self.first(x))))

    net = Rounded()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            run.site(step, "first", "output", F.linear(x, net.first.weight, net.first.bias))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
