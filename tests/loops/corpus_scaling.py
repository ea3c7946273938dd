"""Mixed precision: GradScaler with and without a fused optimizer, skipped steps, autocast, models of other types."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd
from tests.probes import brute

SCALE = 1024.0


def _scaler(**more: float) -> torch.amp.GradScaler:
    return torch.amp.GradScaler("cpu", init_scale=SCALE, **more)


@loop()
def grad_scaler(run: Run) -> None:
    net = Mlp()
    optimizer, scaler = sgd(net), _scaler()
    run.watch(net, optimizer=optimizer)
    run.compare(scaler)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(net(x), y)).backward()
        run.grads(step, net, "first", "second", scale=SCALE)
        scaler.step(optimizer)
        scaler.update()


@loop()
def grad_scaler_with_a_fused_optimizer(run: Run) -> None:
    net = Mlp()
    optimizer, scaler = torch.optim.Adam(net.parameters(), fused=True), _scaler()
    run.watch(net, optimizer=optimizer)
    run.compare(scaler)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(net(x), y)).backward()
        run.grads(step, net, "first", "second", scale=SCALE)
        scaler.step(optimizer)
        scaler.update()


@loop()
def grad_scaler_with_a_fused_sgd_unscaled_and_clipped(run: Run) -> None:
    net = Mlp()
    optimizer, scaler = sgd(net, fused=True), _scaler()
    run.watch(net)
    run.compare(scaler, optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(net(x), y)).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1)
        run.grads(step, net, "first", "second")
        scaler.step(optimizer)
        scaler.update()


def _two_optimizers(run: Run, watched: tuple[int, ...], *, unscaled: int | None = None, fused: bool = False) -> None:
    """One scaler, two optimizers: what the second holds is still scaled when the first steps."""
    net = Mlp()
    # A layer's weight and bias are of different ones, too.
    held = [net.first.weight, net.second.bias], [net.first.bias, net.second.weight]
    optimizers = [torch.optim.SGD(held[0], 0.05), torch.optim.Adam(held[1], 0.01, fused=fused)]
    scaler = _scaler()
    run.watch(net, optimizer=[optimizers[one] for one in watched])
    run.compare(scaler, *optimizers)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        net.zero_grad()
        scaler.scale(F.cross_entropy(net(x), y)).backward()
        run.grads(step, net, "first", "second", scale=SCALE)
        if unscaled is not None:
            scaler.unscale_(optimizers[unscaled])
        for optimizer in optimizers:
            scaler.step(optimizer)
        scaler.update()


@loop()
def grad_scaler_with_two_optimizers(run: Run) -> None:
    _two_optimizers(run, (0, 1))


@loop()
def grad_scaler_with_two_optimizers_one_of_them_fused(run: Run) -> None:
    _two_optimizers(run, (0, 1), fused=True)


@loop()
def grad_scaler_with_two_optimizers_the_second_unscaled_before(run: Run) -> None:
    _two_optimizers(run, (1, 0), unscaled=1)


@loop()
def grad_scaler_with_two_optimizers_of_which_none_was_given(run: Run) -> None:
    _two_optimizers(run, ())


@loop()
def grad_scaler_skips_a_step(run: Run) -> None:
    net = Mlp()
    optimizer, scaler = sgd(net), _scaler()
    run.watch(net, optimizer=optimizer)
    run.compare(scaler)
    step = 0
    for index in range(5):
        x, y = batch(index)
        loss = F.cross_entropy(net(x), y)
        if index == 2:
            loss = loss * float("inf")
        else:
            passing(run, step, net, x)
        optimizer.zero_grad()
        scale = scaler.get_scale()
        scaler.scale(loss).backward()
        if index != 2:
            run.grads(step, net, "first", "second", scale=scale)
            run.number(step, "skipped_updates", index > 2)
        scaler.step(optimizer)
        scaler.update()
        step += index != 2


@loop()
def grad_scaler_skips_the_first_two(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126)
    run.watch(net)
    run.compare(scaler, optimizer)
    step = 0
    for index in range(6):
        x, y = batch(index)
        optimizer.zero_grad()
        if index > 1:
            passing(run, step, net, x)
        loss = F.cross_entropy(net(x), y) * (1e6 if index < 2 else 1e-3)
        scale = scaler.get_scale()
        scaler.scale(loss).backward()
        if index > 1:
            run.grads(step, net, "first", "second", scale=scale)
            run.number(step, "skipped_updates", 2)
        scaler.step(optimizer)
        scaler.update()
        step += index > 1


@loop()
def activation_gradients_under_grad_scaler(run: Run) -> None:
    net = Mlp()
    optimizer, scaler = sgd(net), _scaler()
    run.watch(net, optimizer=optimizer, probes=["essential", "activation_gradients"])
    for step in range(4):
        x, y = batch(step)
        hidden = F.linear(x, net.first.weight.detach(), net.first.bias.detach()).requires_grad_()
        out = F.linear(torch.tanh(hidden), net.second.weight.detach(), net.second.bias.detach()).requires_grad_()
        to_hidden, to_out = torch.autograd.grad(F.cross_entropy(out, y), [hidden, out])
        run.number(step, "activation_gradient_norm", brute.norm(to_hidden.numpy()), "first", "pre_activation")
        run.number(step, "activation_gradient_norm", brute.norm(to_out.numpy()), "second", "output")
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(net(x), y)).backward()
        scaler.step(optimizer)
        scaler.update()


@loop()
def autocast_in_bfloat16(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.AdamW(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            passing(run, step, net, x)
            loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


def _of_type(run: Run, dtype: torch.dtype) -> None:
    net = Mlp().to(dtype)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        x = x.to(dtype)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x).float(), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def in_bfloat16(run: Run) -> None:
    _of_type(run, torch.bfloat16)


@loop()
def in_float16(run: Run) -> None:
    _of_type(run, torch.float16)


@loop()
def in_float64(run: Run) -> None:
    _of_type(run, torch.float64)


@loop(6)
def to_bfloat16_in_mid_run(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        dtype = torch.bfloat16 if step >= 3 else torch.float32
        net.to(dtype)
        x, y = batch(step)
        x = x.to(dtype)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x).float(), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop(6)
def to_double_and_back(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        dtype = torch.float64 if step in {2, 3} else torch.float32
        net.to(dtype)
        x, y = batch(step)
        x = x.to(dtype)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def master_weights_kept_by_hand(run: Run) -> None:
    """Half-precision weights are trained, float32 ones are stepped, as apex does at O2."""
    net = Mlp().to(torch.bfloat16)
    masters = [parameter.detach().float().requires_grad_() for parameter in net.parameters()]
    optimizer = torch.optim.SGD(masters, lr=0.1)
    scope = run.watch(net)
    for step in range(4):
        x, y = batch(step)
        x = x.to(torch.bfloat16)
        passing(run, step, net, x)
        net.zero_grad()
        F.cross_entropy(net(x).float(), y).backward()
        run.grads(step, net, "first", "second")
        for master, parameter in zip(masters, net.parameters(), strict=True):
            master.grad = parameter.grad.float()
        optimizer.step()
        with torch.no_grad():
            for master, parameter in zip(masters, net.parameters(), strict=True):
                parameter.copy_(master)
        scope.step()
