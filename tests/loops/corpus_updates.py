"""Which optimizer updates what: exchanged ones, several, one for several networks, none."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


@loop(6)
def an_optimizer_exchanged_in_mid_run(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        if step == 3:
            optimizer = sgd(net)
        mlp_step(run, step, net, optimizer)
    run.compare(optimizer)


@loop(6)
def a_new_optimizer_every_epoch(run: Run) -> None:
    net = Mlp()
    run.watch(net)
    for epoch in range(3):
        optimizer = torch.optim.RMSprop(net.parameters(), lr=0.01)
        for part in range(2):
            mlp_step(run, 2 * epoch + part, net, optimizer)


@loop()
def two_optimizers_for_one_net(run: Run) -> None:
    """Muon and Adam, or one for the embedding and one for the rest: both step, once each, for one update."""
    net = Mlp()
    first = torch.optim.SGD(net.first.parameters(), lr=0.1)
    second = torch.optim.Adam(net.second.parameters())
    run.watch(net)
    run.compare(first, second)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        first.zero_grad()
        second.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        first.step()
        second.step()
        run.keep(loss)


@loop()
def one_optimizer_for_two_nets(run: Run) -> None:
    encoder, head = Mlp(classes=5), Mlp(features=5)
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()])
    run.watch({"encoder": encoder, "head": head}, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, encoder, x, network="encoder")
        optimizer.zero_grad()
        code = encoder(x)
        passing(run, step, head, code, network="head")
        F.cross_entropy(head(code), y).backward()
        run.grads(step, encoder, "first", "second", network="encoder")
        run.grads(step, head, "first", "second", network="head")
        optimizer.step()


@loop()
def only_one_of_two_nets_is_watched(run: Run) -> None:
    encoder, head = Mlp(classes=5), Mlp(features=5)
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()])
    run.watch(head, optimizer=optimizer)
    run.compare(encoder)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        code = encoder(x)
        passing(run, step, head, code)
        F.cross_entropy(head(code), y).backward()
        run.grads(step, head, "first", "second")
        optimizer.step()


@loop()
def no_optimizer(run: Run) -> None:
    net = Mlp()
    run.watch(net)
    for step in range(5):
        x, y = batch(step)
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        if step < 4:
            passing(run, step, net, x)
            run.grads(step, net, "first", "second")
        else:
            run.unseen(4)  # its update is over when the script is: nothing shows it
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= 0.1 * parameter.grad  # noqa: PLW2901  as scripts have it
                parameter.grad = None


@loop()
def no_optimizer_and_data_replaced(run: Run) -> None:
    net = Mlp()
    run.watch(net)
    for step in range(5):
        x, y = batch(step)
        for parameter in net.parameters():
            parameter.grad = None
        F.cross_entropy(net(x), y).backward()
        if step == 4:
            run.unseen(4)
        else:
            run.grads(step, net, "first", "second")
        for parameter in net.parameters():
            parameter.data = parameter.data - 0.1 * parameter.grad.data


@loop()
def no_optimizer_and_scope_step(run: Run) -> None:
    net = Mlp()
    scope = run.watch(net)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        net.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.sub_(parameter.grad, alpha=0.1)
        scope.step()


@loop()
def gradients_by_autograd_grad_and_assigned(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    parameters = list(net.parameters())
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        gradients = torch.autograd.grad(F.cross_entropy(net(x), y), parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def fused_backward_and_step(run: Run) -> None:
    """One optimizer a parameter, stepped in a hook as soon as its gradient is there: memory is saved so."""
    net = Mlp()
    optimizers = {parameter: torch.optim.SGD([parameter], lr=0.1) for parameter in net.parameters()}
    scope = run.watch(net)

    def step_one(parameter: nn.Parameter) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in net.parameters():
        parameter.register_post_accumulate_grad_hook(step_one)
    for step in range(4):
        x, y = batch(step)
        run.unseen(step)
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.keep(loss)
        scope.step()
    for step in range(4, 20):
        run.unseen(step)


def _in_backward(net: nn.Module, found: dict[str, torch.Tensor], zero_to: bool | None) -> None:
    """Let each parameter have an optimizer that steps in a hook; note the gradients that they find."""
    for name, parameter in net.named_parameters():
        optimizer = torch.optim.SGD([parameter], lr=0.1)

        def step(parameter, name=name, optimizer=optimizer):
            found[name] = parameter.grad.clone()
            optimizer.step()
            optimizer.zero_grad(set_to_none=zero_to)

        parameter.register_post_accumulate_grad_hook(step)


def _one_step_a_backward_pass(run: Run, zero_to: bool) -> None:
    net, found = Mlp(), {}
    run.watch(net)
    _in_backward(net, found, zero_to)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}
        F.cross_entropy(net(x), y).backward()
        for layer in ("first", "second"):
            norms = {own: found[f"{layer}.{own}"].norm() for own in ("weight", "bias")}
            for own, norm in norms.items():
                run.number(step, "gradient_norm", norm, layer, own)
            run.number(step, "gradient_norm", sum(norm**2 for norm in norms.values()) ** 0.5, layer)
        run.keep(*before.values())


@loop()
def one_step_a_backward_pass(run: Run) -> None:
    _one_step_a_backward_pass(run, zero_to=True)


@loop()
def one_step_a_backward_pass_whose_gradients_become_zeros(run: Run) -> None:
    _one_step_a_backward_pass(run, zero_to=False)


@loop()
def one_step_a_backward_pass_for_some_and_after_it_for_others(run: Run) -> None:
    net, found = Mlp(), {}
    optimizer = sgd(net.first)
    run.watch(net)
    _in_backward(net.second, found, zero_to=True)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first")
        run.number(step, "gradient_norm", found["weight"].norm(), "second", "weight")
        optimizer.step()


class Homemade:
    """Steps by itself, and holds nothing that torch would know."""

    def __init__(self, net):
        self.net = net

    def zero_grad(self):
        self.net.zero_grad()

    def step(self):
        with torch.no_grad():
            for parameter in self.net.parameters():
                parameter.sub_(parameter.grad, alpha=0.1)


@loop()
def a_homemade_optimizer_is_given(run: Run) -> None:
    net = Mlp()
    optimizer = Homemade(net)
    scope = run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)
        scope.step()


@loop()
def scope_step_beside_an_optimizer(run: Run) -> None:
    """Belt and braces: a step that both tell of is one."""
    net = Mlp()
    optimizer = sgd(net)
    scope = run.watch(net)
    for step in range(4):
        mlp_step(run, step, net, optimizer)
        scope.step()


@loop()
def measured_by_hand_before_each_update(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    scope = run.watch(net)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        scope.measure(loss, accuracies=0.5, batch=(x, y))
        run.number(step, "loss", float(loss))
        optimizer.step()
        scope.step()
