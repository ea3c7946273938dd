"""Networks and loops of an unusual build: recursive, generating, interrupted, read back, evolved."""

from __future__ import annotations

import pickle

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


@loop()
def a_network_that_calls_itself(run: Run) -> None:
    class Tree(nn.Module):
        def __init__(self):
            super().__init__()
            self.join, self.head = nn.Linear(8, 4), nn.Linear(4, 3)

        def forward(self, x, root=True):
            if len(x) > 1:
                left, right = self(x[: len(x) // 2], root=False), self(x[len(x) // 2 :], root=False)
                x = torch.tanh(self.join(torch.cat([left, right], 1)))
            return self.head(x) if root else x

    net = Tree()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        out = net(x)
        run.site(step, "head", "output", out)
        loss = F.cross_entropy(out, y[:1])
        loss.backward()
        run.grads(step, net, "join", "head")
        optimizer.step()
        run.keep(loss)


@loop()
def a_forward_that_is_a_generator(run: Run) -> None:
    class Stages(Mlp):
        def forward(self, x):
            hidden = self.act(self.first(x))
            yield hidden
            yield self.second(hidden)

    net = Stages()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        *_, out = net(x)
        F.cross_entropy(out, y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop(5)
def a_cell_interrupted_in_a_pass_and_run_again(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(2):
        mlp_step(run, step, net, optimizer)

    def interrupt(*_):
        raise KeyboardInterrupt

    handle = net.second.register_forward_pre_hook(interrupt)
    try:
        net(batch(7)[0])
    except KeyboardInterrupt:
        handle.remove()
    for step in range(2, 5):
        mlp_step(run, step, net, optimizer)


@loop()
def an_exception_in_a_backward_hook(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        if step == 2:
            x, y = batch(30)
            out = net(x)
            out.register_hook(lambda _: 1 / 0)
            try:
                F.cross_entropy(out, y).backward()
            except ZeroDivisionError as error:
                run.keep(str(error))
        mlp_step(run, step, net, optimizer)


@loop(6)
def weights_read_back_by_assignment(run: Run) -> None:
    """`assign=True` makes each parameter another object."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net)
    for step in range(6):
        if step == 3:
            state = {name: value.clone() for name, value in Mlp().state_dict().items()}
            net.load_state_dict(state, assign=True)
            optimizer = sgd(net)
        mlp_step(run, step, net, optimizer)


@loop()
def the_optimizer_is_pickled_while_it_is_followed(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        run.keep(len(pickle.dumps(optimizer)), sorted(vars(optimizer)), repr(optimizer))
        mlp_step(run, step, net, optimizer)


@loop()
def a_scheduler_that_waits_for_a_plateau(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        run.number(step, "learning_rate", optimizer.param_groups[0]["lr"])
        scheduler.step(float(mlp_step(run, step, net, optimizer).detach()) + step)


@loop()
def a_learning_rate_that_is_a_tensor(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters(), lr=torch.tensor(0.01))
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        run.number(step, "learning_rate", 0.01)
        mlp_step(run, step, net, optimizer)


@loop()
def named_parameters_in_the_optimizer(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.AdamW(net.named_parameters(), foreach=False)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)


@loop()
def convolutions_of_every_kind(run: Run) -> None:
    class Every(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.three = nn.Conv1d(2, 3, 3), nn.ConvTranspose1d(3, 4, 3), nn.Bilinear(4, 4, 3)

        def forward(self, x):
            code = self.two(self.one(x)).mean(2)
            return self.three(code, code)

    net = Every()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x = torch.randn(5, 2, 8)
        with torch.no_grad():
            first = F.conv1d(x, net.one.weight, net.one.bias)
            run.site(step, "one", "output", first)
            run.site(step, "two", "output", F.conv_transpose1d(first, net.two.weight, net.two.bias))
        optimizer.zero_grad()
        out = net(x)
        run.site(step, "three", "output", out)
        F.cross_entropy(out, torch.arange(5) % 3).backward()
        run.grads(step, net, "one", "two", "three")
        optimizer.step()


@loop()
def a_dict_of_networks_and_a_part_of_one(run: Run) -> None:
    net = nn.Sequential(Mlp(classes=5), nn.Linear(5, 3))
    other = Mlp()
    optimizer = torch.optim.SGD([*net.parameters(), *other.parameters()], lr=0.1)
    run.watch({"net": net, "other": other}, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, other, x, network="other")
        optimizer.zero_grad()
        (F.cross_entropy(net(x), y) + F.cross_entropy(other(x), y)).backward()
        run.grads(step, net, "1", network="net")
        run.grads(step, other, "first", "second", network="other")
        optimizer.step()


@loop()
def a_single_linear_layer_is_the_network(run: Run) -> None:
    net = nn.Linear(4, 3)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        run.site(step, "Linear", "output", F.linear(x, net.weight.detach(), net.bias.detach()))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()


@loop()
def layers_with_names_of_all_kinds(run: Run) -> None:
    net = nn.Sequential()
    for name, layer in (("Schicht 1", nn.Linear(4, 4)), ("층", nn.Linear(4, 4)), ("network", nn.Linear(4, 3))):
        net.add_module(name, layer)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        out = net(x)
        run.site(step, "network", "output", out)
        F.cross_entropy(out, y).backward()
        run.grads(step, net, "Schicht 1", "층", "network")
        optimizer.step()
