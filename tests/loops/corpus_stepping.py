"""How people step: accumulation, closures, clipping, scalers, several groups, none at all."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, Normed, batch, mlp_step, passing, sgd


@loop()
def zero_grad_first(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)


@loop()
def zero_grad_after_step(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        optimizer.zero_grad()


@loop()
def zero_grad_between_pass_and_backward(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net, momentum=0.9)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def the_network_zeroes_its_gradients(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.AdamW(net.parameters())
    run.watch(net)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        net.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
    run.compare(optimizer)


@loop()
def clipped_by_norm(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.keep(nn.utils.clip_grad_norm_(net.parameters(), 0.05))
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def clipped_by_value_in_hooks(run: Run) -> None:
    net = Mlp()
    for parameter in net.parameters():
        parameter.register_hook(lambda gradient: gradient.clamp(-0.01, 0.01))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)


@loop()
def several_groups_of_which_one_is_added_later(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.SGD(net.first.parameters(), lr=0.1)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        if step == 2:
            optimizer.add_param_group({"params": list(net.second.parameters()), "lr": 0.01})
        mlp_step(run, step, net, optimizer)


@loop()
def a_learning_rate_scheduler(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=6)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        run.number(step, "learning_rate", scheduler.get_last_lr()[0])
        mlp_step(run, step, net, optimizer)
        scheduler.step()


@loop()
def a_step_without_a_pass(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net, momentum=0.9)
    run.watch(net, optimizer=optimizer)
    for step in range(3):
        mlp_step(run, step, net, optimizer)
    run.unseen(3)
    optimizer.step()  # the last momentum once more


@loop(3)
def steps_before_any_pass(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    run.unseen(0)
    optimizer.step()
    for step in range(2):
        x, y = batch(step)
        passing(run, step + 1, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step + 1, net, "first", "second")
        optimizer.step()


@loop()
def a_pass_that_fails_and_is_caught(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        try:
            net(torch.randn(2, 9))
        except RuntimeError as error:
            run.keep(str(error))
        mlp_step(run, step, net, optimizer)


@loop(3)
def a_batch_whose_loss_is_not_finite_is_left_out(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    step = 0
    for index in range(4):
        x, y = batch(index)
        if index == 1:
            x = x * float("inf")
        loss = F.cross_entropy(net(x), y)
        if not torch.isfinite(loss):
            continue
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        step += 1


@loop()
def with_batch_normalization(run: Run) -> None:
    net = Normed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            raw = F.linear(x, net.block[0].weight, net.block[0].bias)
            normal = F.batch_norm(raw, None, None, net.block[1].weight, net.block[1].bias, training=True)
        run.site(step, "block", "pre_activation", normal)
        run.site(step, "block", "output", normal.relu())
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "head")
        optimizer.step()


@loop(2)
def an_early_break(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(10):
        mlp_step(run, step, net, optimizer)
        if step == 1:
            break


@loop(2, state="stopped")
def a_keyboard_interrupt(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    try:
        with run.watch(net, optimizer=optimizer):
            for step in range(5):
                mlp_step(run, step, net, optimizer)
                if step == 1:
                    raise KeyboardInterrupt  # noqa: TRY301  as a person does
    except KeyboardInterrupt:
        run.keep("ended")


@loop(2, state="failed")
def an_error_in_the_block_of_the_scope(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    try:
        with run.watch(net, optimizer=optimizer):
            for step in range(5):
                mlp_step(run, step, net, optimizer)
                if step == 1:
                    raise ValueError("of the user's own")  # noqa: TRY301
    except ValueError as error:
        run.keep(str(error))
