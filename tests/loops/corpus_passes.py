"""Passes that are not the step's: evaluation, attacks, penalties, teachers; and steps of several passes."""

from __future__ import annotations

import copy

import torch
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, Normed, batch, mlp_step, passing, sgd


@loop()
def a_pass_between_backward_and_step(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        run.keep(net(x * 100).sum())  # with a graph, for the log
        optimizer.step()


@loop()
def a_logging_pass_with_grad_before_the_step(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        run.keep(net(batch(99, mean=50.0)[0]).mean().item())
        mlp_step(run, step, net, optimizer)


@loop()
def evaluation_in_eval_mode_after_each_step(run: Run) -> None:
    net = Normed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        net.train()
        x, y = batch(step)
        run.site(step, "head", "output", _normed(net, x))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "head")
        optimizer.step()
        net.eval()
        with torch.no_grad():
            run.keep(F.cross_entropy(net(batch(50, mean=5.0)[0]), batch(50)[1]))


@loop()
def evaluation_with_grad_and_in_train_mode(run: Run) -> None:
    net = Normed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        run.keep(net(batch(50, mean=5.0)[0]).detach())  # the running statistics move: it is the user's bug to have
        x, y = batch(step)
        run.site(step, "head", "output", _normed(net, x))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "head")
        optimizer.step()


def _normed(net: Normed, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        raw = F.linear(x, net.block[0].weight, net.block[0].bias)
        normal = F.batch_norm(raw, None, None, net.block[1].weight, net.block[1].bias, training=True)
        return F.linear(normal.relu(), net.head.weight, net.head.bias)


@loop()
def evaluation_under_inference_mode(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        with torch.inference_mode():
            run.keep(net(batch(60 + step)[0]).argmax(1))
        mlp_step(run, step, net, optimizer)
        with torch.inference_mode():
            run.keep(net(batch(70 + step)[0]).clone())


@loop()
def a_sanity_check_before_training(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    net.eval()
    for step in range(2):
        with torch.no_grad():
            run.keep(net(batch(step)[0]))
    net.train()
    for step in range(4):
        mlp_step(run, step, net, optimizer)


@loop()
def fgsm_before_the_step(run: Run) -> None:
    """Adversarial training: the attack's backward fills gradients that are thrown away."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        attacked = (x * 30).requires_grad_()
        F.cross_entropy(net(attacked), y).backward()
        x = x + 0.1 * attacked.grad.sign()
        optimizer.zero_grad()
        passing(run, step, net, x)
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def fgsm_by_autograd_grad(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        attacked = (x * 30).requires_grad_()
        (direction,) = torch.autograd.grad(F.cross_entropy(net(attacked), y), attacked)
        x = x + 0.1 * direction.sign()
        optimizer.zero_grad()
        passing(run, step, net, x)
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def an_attack_between_backward_and_step(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        attacked = (x * 30).requires_grad_()
        (direction,) = torch.autograd.grad(F.cross_entropy(net(attacked), y), attacked)
        run.keep(direction)
        optimizer.step()


@loop()
def a_gradient_penalty(run: Run) -> None:
    """The penalty's pass is the step's too: its second backward reaches the weights."""
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        x.requires_grad_()
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        (slope,) = torch.autograd.grad(loss, x, create_graph=True)
        (loss + 0.1 * slope.norm()).backward()
        passing(run, step, net, x)
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_teacher_that_shares_nothing(run: Run) -> None:
    net, teacher = Mlp(), Mlp()
    teacher.requires_grad_(False)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    run.compare(teacher)
    for step in range(4):
        x, _ = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.kl_div(net(x).log_softmax(1), teacher(x).softmax(1), reduction="batchmean")
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def the_net_is_its_own_teacher(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, _ = batch(step)
        target = net(x * 20).detach()
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.mse_loss(net(x), target).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_teacher_by_moving_average(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    teacher = copy.deepcopy(net).requires_grad_(False)
    run.compare(teacher)
    for step in range(4):
        x, _ = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.mse_loss(net(x), teacher(x)).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(teacher.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, 0.1)


@loop()
def averaged_model_and_swa(run: Run) -> None:
    net = Normed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    averaged = torch.optim.swa_utils.AveragedModel(net)
    run.compare(averaged)
    for step in range(4):
        x, y = batch(step)
        run.site(step, "head", "output", _normed(net, x))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "head")
        optimizer.step()
        averaged.update_parameters(net)
    torch.optim.swa_utils.update_bn([batch(9)[0]], averaged)
