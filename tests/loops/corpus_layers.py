"""Layers that run several times, sometimes, in another order, that come later and that go; and blocks of all kinds."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, sgd


@loop()
def one_layer_called_three_times(run: Run) -> None:
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.act, self.head = nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3)

        def forward(self, x):
            for _ in range(3):
                x = self.act(self.inner(x))
            return self.head(x)

    net = Deep()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            hidden = x
            for _ in range(3):
                before = F.linear(hidden, net.inner.weight, net.inner.bias)
                run.site(step, "inner", "pre_activation", before)
                hidden = before.tanh()
                run.site(step, "inner", "output", hidden)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "inner", "head")
        optimizer.step()


@loop(6)
def a_number_of_calls_that_changes(run: Run) -> None:
    class Adaptive(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x, times):
            for _ in range(times):
                x = self.inner(x).tanh()
            return self.head(x)

    net = Adaptive()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step, times in enumerate((2, 5, 1, 3, 1, 4)):
        x, y = batch(step)
        with torch.no_grad():
            hidden = x
            for _ in range(times):
                hidden = F.linear(hidden, net.inner.weight, net.inner.bias)
                run.site(step, "inner", "pre_activation", hidden)
                hidden = hidden.tanh()
                run.site(step, "inner", "output", hidden)
        optimizer.zero_grad()
        F.cross_entropy(net(x, times), y).backward()
        run.grads(step, net, "inner", "head")
        optimizer.step()


class Blocks(nn.Module):
    """Residual blocks of which some are dropped; one ReLU serves them all."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.relu, self.head = nn.ReLU(), nn.Linear(4, 3)

    def forward(self, x, dropped=()):
        for index, block in enumerate(self.blocks):
            if index not in dropped:
                x = x + self.relu(block(x))
        return self.head(x)


def _declare_blocks(run: Run, step: int, net: Blocks, x: torch.Tensor, dropped: tuple[int, ...]) -> None:
    with torch.no_grad():
        for index, block in enumerate(net.blocks):
            if index in dropped:
                run.absent(step, f"blocks.{index}", "pre_activation")
                run.absent(step, f"blocks.{index}", "output")
                continue
            before = F.linear(x, block.weight, block.bias)
            run.site(step, f"blocks.{index}", "pre_activation", before)
            run.site(step, f"blocks.{index}", "output", before.relu())
            x = x + before.relu()
        run.site(step, "head", "output", F.linear(x, net.head.weight, net.head.bias))


@loop(8)
def stochastic_depth_with_a_shared_relu(run: Run) -> None:
    net = Blocks()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step, dropped in enumerate(((), (1,), (0,), (0, 2), (), (2,), (0, 1, 2), ())):
        x, y = batch(step)
        _declare_blocks(run, step, net, x, dropped)
        optimizer.zero_grad()
        F.cross_entropy(net(x, dropped), y).backward()
        ran = [f"blocks.{index}" for index in range(3) if index not in dropped]
        run.grads(step, net, *ran, "head")
        optimizer.step()


@loop(8)
def stochastic_depth_from_the_first_step_on(run: Run) -> None:
    """A block that the first step drops has a place, too, and is nobody else's when it runs."""
    net = Blocks()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step, dropped in enumerate(((1,), (1,), (), (0,), (2,), (), (1, 2), ())):
        x, y = batch(step)
        with torch.no_grad():
            for index, block in enumerate(net.blocks):
                if index in dropped:
                    run.absent(step, f"blocks.{index}", "output")
                    continue
                hidden = F.linear(x, block.weight, block.bias).relu()
                if index != 1:
                    run.site(step, f"blocks.{index}", "output", hidden)
                x = x + hidden
            run.site(step, "head", "output", F.linear(x, net.head.weight, net.head.bias))
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(x, dropped), y).backward()
        ran = [f"blocks.{index}" for index in range(3) if index not in dropped]
        run.grads(step, net, *ran, "head")
        optimizer.step()


@loop(6)
def layers_in_another_order_each_step(run: Run) -> None:
    class Shuffled(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers, self.head = nn.ModuleList(nn.Linear(4, 4) for _ in range(3)), nn.Linear(4, 3)
            self.act = nn.Tanh()

        def forward(self, x, order):
            for index in order:
                x = self.act(self.layers[index](x))
            return self.head(x)

    net = Shuffled()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    orders = ((0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1), (2, 0, 1), (0, 1, 2))
    for step, order in enumerate(orders):
        x, y = batch(step)
        with torch.no_grad():
            hidden = x
            for index in order:
                before = F.linear(hidden, net.layers[index].weight, net.layers[index].bias)
                run.site(step, f"layers.{index}", "pre_activation", before)
                hidden = before.tanh()
                run.site(step, f"layers.{index}", "output", hidden)
        optimizer.zero_grad()
        F.cross_entropy(net(x, order), y).backward()
        run.grads(step, net, "layers.0", "layers.1", "layers.2", "head")
        optimizer.step()


@loop(6)
def mixture_of_experts_of_which_some_get_nothing(run: Run) -> None:
    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.experts = nn.ModuleDict({name: nn.Linear(4, 3) for name in ("left", "middle", "right")})

        def forward(self, x, chosen):
            out = torch.zeros(len(x), 3)
            for index, expert in enumerate(self.experts.values()):
                rows = chosen == index
                if rows.any():
                    out = out.index_add(0, rows.nonzero()[:, 0], expert(x[rows]))
            return out

    net = Experts()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    routes = ((0, 1, 2, 0), (0, 0, 1, 1), (2, 2, 2, 2), (1, 1, 1, 2), (0, 0, 0, 0), (2, 1, 0, 0))
    for step, route in enumerate(routes):
        x, y = batch(step, 4)
        chosen = torch.tensor(route)
        for index, (name, expert) in enumerate(net.experts.items()):
            if index in route:
                values = F.linear(x[chosen == index], expert.weight.detach(), expert.bias.detach())
                run.site(step, f"experts.{name}", "output", values)
            else:
                run.absent(step, f"experts.{name}")
        optimizer.zero_grad()
        F.cross_entropy(net(x, chosen), y).backward()
        optimizer.step()


@loop(6)
def a_head_replaced_in_mid_run(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net)
    for step in range(6):
        if step == 3:
            net.second = nn.Linear(6, 3)
            optimizer = sgd(net)
        mlp_step(run, step, net, optimizer)
    run.compare(optimizer)


@loop(6)
def a_head_replaced_and_added_to_the_optimizer(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        if step == 3:
            net.second = nn.Linear(6, 3)
            optimizer.add_param_group({"params": list(net.second.parameters())})
        mlp_step(run, step, net, optimizer)


@loop(6)
def a_layer_added_in_mid_run(run: Run) -> None:
    """Progressive growing: the new layer has a place from then on, and what is its is nobody else's."""
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3))
    optimizer = sgd(net)
    run.watch(net)
    for step in range(6):
        if step == 3:
            net.append(nn.Linear(3, 3))
            optimizer = sgd(net)
        x, y = batch(step)
        with torch.no_grad():
            first = F.linear(x, net[0].weight, net[0].bias)
            run.site(step, "0", "output", first)
            second = F.linear(first, net[1].weight, net[1].bias)
            run.site(step, "1", "output", second)
            if step >= 3:
                run.site(step, "2", "output", F.linear(second, net[2].weight, net[2].bias))
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, *"012"[: len(net)])
        optimizer.step()
        run.keep(loss)


@loop(6)
def a_layer_taken_out_in_mid_run(run: Run) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        if step == 3:
            net[1] = nn.Identity()
        x, y = batch(step)
        with torch.no_grad():
            run.site(step, "0", "output", F.linear(x, net[0].weight, net[0].bias))
        if step >= 3:
            run.absent(step, "1")
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "0", "2")
        optimizer.step()
        run.keep(loss)
