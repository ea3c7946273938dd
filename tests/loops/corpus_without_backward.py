"""Loops without a backward pass: evolution, differences, torch.func; `scope.step()` says when an update is over."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.func import functional_call, grad, grad_and_value, jvp, stack_module_state, vmap
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from tests.loops.harness import ABSENT, Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


def _without_gradients(run: Run, step: int) -> None:
    for layer in ("first", "second"):
        run.number(step, "gradient_norm", ABSENT, layer)
        run.number(step, "update_ratio", ABSENT, layer, "weight")


@loop()
def evolution_of_a_vector(run: Run) -> None:
    """Each candidate is put into the network; all of their passes are the step's, from the second step on."""
    net = Mlp()
    scope = run.watch(net)
    run.unseen(0)
    with torch.no_grad():
        center = parameters_to_vector(net.parameters())
        for step in range(4):
            x, y = batch(step)
            total = torch.zeros_like(center)
            for _ in range(5):
                noise = torch.randn_like(center)
                vector_to_parameters(center + 0.1 * noise, net.parameters())
                if step:
                    passing(run, step, net, x)
                total -= noise * F.cross_entropy(net(x), y)
            center = center + 0.02 * total
            run.keep(center)
            if step:
                run.number(step, "micro_batches", 5)
                _without_gradients(run, step)
            scope.step()


@loop()
def evolution_through_an_optimizer(run: Run) -> None:
    """The gradient that was estimated is assigned, as OpenAI's evolution strategies do it: it is recorded as such."""
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    run.watch(net, optimizer=optimizer)
    run.unseen(0)
    for step in range(4):
        x, y = batch(step)
        means = [parameter.detach().clone() for parameter in net.parameters()]
        estimates = [torch.zeros_like(mean) for mean in means]
        with torch.no_grad():
            for _ in range(3):
                noises = [torch.randn_like(mean) for mean in means]
                for parameter, mean, noise in zip(net.parameters(), means, noises, strict=True):
                    parameter.copy_(mean + 0.1 * noise)
                if step:
                    passing(run, step, net, x)
                loss = F.cross_entropy(net(x), y)
                estimates = [one + loss * noise / 0.3 for one, noise in zip(estimates, noises, strict=True)]
            for parameter, mean, estimate in zip(net.parameters(), means, estimates, strict=True):
                parameter.copy_(mean)
                parameter.grad = estimate
        if step:
            run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def two_sided_differences_with_a_graph(run: Run) -> None:
    """Simultaneous perturbation, without a thought of no_grad: both passes are seen at once."""
    net = Mlp()
    scope = run.watch(net)
    for step in range(4):
        x, y = batch(step)
        center = parameters_to_vector(net.parameters()).detach()
        signs = torch.randint(0, 2, center.shape).float() * 2 - 1
        losses = []
        for side in (1, -1):
            vector_to_parameters(center + side * 0.01 * signs, net.parameters())
            passing(run, step, net, x)
            losses.append(F.cross_entropy(net(x), y).item())
        vector_to_parameters(center - 0.1 * (losses[0] - losses[1]) / 0.02 * signs, net.parameters())
        scope.log(loss=losses[0])
        run.number(step, "micro_batches", 2)
        _without_gradients(run, step)
        scope.step()


@loop()
def functional_gradients(run: Run) -> None:
    """As in JAX: weights lie outside the network; from the second step on what passes is seen."""
    net = Mlp()
    scope = run.watch(net)
    run.unseen(0)
    weights = {name: one.detach().clone() for name, one in net.named_parameters()}

    def loss_of(weights, x, y):
        return F.cross_entropy(functional_call(net, weights, (x,)), y)

    stand_in = Mlp()
    for step in range(4):
        x, y = batch(step)
        if step:
            stand_in.load_state_dict(weights)
            passing(run, step, stand_in, x)
            _without_gradients(run, step)
        slopes, loss = grad_and_value(loss_of)(weights, x, y)
        weights = {name: one - 0.1 * slopes[name] for name, one in weights.items()}
        scope.log(loss=loss)
        scope.step()
    run.keep(weights)


@loop()
def functional_gradients_of_each_sample(run: Run) -> None:
    """Under vmap a module is called once, with all samples."""
    net = Mlp()
    scope = run.watch(net)
    run.unseen(0)
    weights = {name: one.detach().clone() for name, one in net.named_parameters()}

    def loss_of(weights, one, label):
        return F.cross_entropy(functional_call(net, weights, (one[None],)), label[None])

    stand_in = Mlp()
    for step in range(4):
        x, y = batch(step)
        if step:
            stand_in.load_state_dict(weights)
            passing(run, step, stand_in, x)
            run.number(step, "micro_batches", 1)
        each = vmap(grad(loss_of), in_dims=(None, 0, 0))(weights, x, y)
        weights = {name: one - 0.1 * each[name].clamp(-1, 1).mean(0) for name, one in weights.items()}
        scope.step()
    run.keep(weights)


@loop()
def forward_gradients(run: Run) -> None:
    """Gradients without backpropagation: a directional derivative along a random direction, by jvp."""
    net = Mlp()
    scope = run.watch(net)
    run.unseen(0)
    for step in range(4):
        x, y = batch(step)
        weights = {name: one.detach() for name, one in net.named_parameters()}
        direction = {name: torch.randn_like(one) for name, one in weights.items()}
        if step:
            passing(run, step, net, x)
        _, slope = jvp(lambda w, x=x, y=y: F.cross_entropy(functional_call(net, w, (x,)), y), (weights,), (direction,))
        with torch.no_grad():
            for name, one in net.named_parameters():
                one.sub_(0.1 * slope * direction[name])
        scope.step()


@loop(5)
def backward_passes_after_all(run: Run) -> None:
    """Evolved at first, then trained by gradients, by hand: passes without a graph count no more then."""
    net = Mlp()
    scope = run.watch(net)
    run.unseen(0)
    for step in range(5):
        x, y = batch(step)
        if step < 2:
            with torch.no_grad():
                if step:
                    passing(run, step, net, x)
                loss = F.cross_entropy(net(x), y)
                for one in net.parameters():
                    one.add_(0.01 * loss * torch.randn_like(one))
        else:
            passing(run, step, net, x)
            net.zero_grad()
            F.cross_entropy(net(x), y).backward()
            run.grads(step, net, "first", "second")
            with torch.no_grad():
                run.keep(net(x + 3))
                for one in net.parameters():
                    one.sub_(0.1 * one.grad)
        scope.step()


@loop(3)
def an_optimizer_that_nobody_knows_and_evaluations(run: Run) -> None:
    """An evaluation without a graph before the first backward pass is no step's."""
    net = Mlp()
    scope = run.watch(net)
    for step in range(3):
        x, y = batch(step)
        net.eval()
        with torch.no_grad():
            run.keep(net(x + 5))
        net.train()
        passing(run, step, net, x)
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        with torch.no_grad():
            for one in net.parameters():
                one.sub_(0.1 * one.grad)
                one.grad = None
        scope.step()


@loop(5)
def evaluated_before_it_trains(run: Run) -> None:
    """A baseline in training mode, without a graph; then an ordinary loop."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    with torch.no_grad():
        run.keep(net(batch(50)[0]))
    for step in range(5):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_population_of_copies(run: Run) -> None:
    """Copies of the network are mutated, and the best is loaded into it."""
    net = Mlp()
    scope = run.watch(net)
    run.unseen(0)
    with torch.no_grad():
        for step in range(4):
            x, y = batch(step)
            children = [copy.deepcopy(net) for _ in range(3)]
            for parameter in (one for child in children for one in child.parameters()):
                parameter.add_(0.1 * torch.randn_like(parameter))
            losses = [F.cross_entropy(child(x), y).item() for child in children]
            net.load_state_dict(children[losses.index(min(losses))].state_dict())
            if step:
                passing(run, step, net, x)
            run.keep(net(x))
            scope.step()


@loop()
def a_hebbian_rule_in_a_hook(run: Run) -> None:
    net = nn.Linear(4, 3)
    scope = run.watch(net)
    run.unseen(0)

    def learn(module, given, output):
        module.weight.data.add_(0.01 * (output.T @ given[0] - output.square().sum(0)[:, None] * module.weight))

    net.register_forward_hook(learn)
    with torch.no_grad():
        for step in range(4):
            run.keep(net(batch(step)[0]))
            scope.step()


@loop()
def an_ensemble_trained_by_vmap(run: Run) -> None:
    """The network is only the form of those that are trained: what passes it is theirs, together."""
    net, three = Mlp(), [Mlp() for _ in range(3)]
    scope = run.watch(net)
    run.unseen(0)
    weights, buffers = stack_module_state(three)
    weights = {name: one.detach() for name, one in weights.items()}

    def loss_of(weights, buffers, x, y):
        return F.cross_entropy(functional_call(net, (weights, buffers), (x,)), y)

    for step in range(4):
        x, y = batch(step)
        for at, one in enumerate(three if step else ()):
            one.load_state_dict({name: stacked[at] for name, stacked in weights.items()})
            passing(run, step, one, x)
        slopes = vmap(grad(loss_of), in_dims=(0, 0, None, None))(weights, buffers, x, y)
        weights = {name: one - 0.1 * slopes[name] for name, one in weights.items()}
        scope.step()
    run.keep(weights)
