"""Steps of several passes and of parts of one: siamese, checkpointed, cut, by function transforms."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


@loop()
def siamese(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        (left, _), (right, _) = batch(step), batch(step + 40, mean=7.0)
        passing(run, step, net, left)
        passing(run, step, net, right)
        optimizer.zero_grad()
        F.mse_loss(net(left), net(right)).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def a_triplet_with_a_detached_anchor(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        near, far = batch(step)[0], batch(step + 40, mean=7.0)[0]
        anchor = net(near * 50).detach()
        passing(run, step, net, near)
        passing(run, step, net, far)
        optimizer.zero_grad()
        F.triplet_margin_loss(anchor, net(near), net(far), margin=1000.0).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def one_graph_backward_twice(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        out = net(x)
        F.cross_entropy(out, y).backward(retain_graph=True)
        out.square().mean().backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def backward_in_parts(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        whole = net.act(net.first(x))
        cut = whole.detach().requires_grad_()
        F.cross_entropy(net.second(cut), y).backward()
        whole.backward(cut.grad)
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def gradients_of_a_loss_by_name(run: Run) -> None:
    """`backward(inputs=...)` fills the gradients of one layer alone."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward(inputs=list(net.second.parameters()))
        run.number(step, "gradient_norm", 0.0, "first", "weight")
        run.grads(step, net, "second")
        optimizer.step()


class Checkpointed(Mlp):
    """Its first layer is run again in the backward pass."""

    def __init__(self, *, reentrant: bool) -> None:
        super().__init__()
        self.reentrant = reentrant

    def forward(self, x):
        hidden = checkpoint(lambda one: self.act(self.first(one)), x, use_reentrant=self.reentrant)
        return self.second(hidden)


def _checkpointed(run: Run, *, reentrant: bool) -> None:
    net = Checkpointed(reentrant=reentrant)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x.requires_grad_()), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def checkpointed(run: Run) -> None:
    _checkpointed(run, reentrant=False)


@loop()
def checkpointed_reentrantly(run: Run) -> None:
    _checkpointed(run, reentrant=True)


@loop(3)
def checkpointed_micro_batches(run: Run) -> None:
    net = Checkpointed(reentrant=True)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(3):
        optimizer.zero_grad()
        for part in range(3):
            x, y = batch(3 * step + part, mean=float(part))
            passing(run, step, net, x)
            F.cross_entropy(net(x.requires_grad_()), y).backward()
        run.grads(step, net, "first", "second")
        run.number(step, "micro_batches", 3)
        optimizer.step()


@loop()
def mixup_of_two_forwards_of_which_one_is_dropped(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        tried = [(F.cross_entropy(net(one), y), one) for one in (x, x * 9)]  # train on the worse view alone
        loss, chosen = max(tried, key=lambda pair: float(pair[0]))
        passing(run, step, net, chosen)
        optimizer.zero_grad()
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def gradients_kept_over_an_epoch_by_mistake(run: Run) -> None:
    """Nobody zeroes: each update uses all that has been added up so far, and each has a pass of its own."""
    net = Mlp()
    optimizer = sgd(net, lr=0.01)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def multi_task_heads_with_gradients_of_each_apart(run: Run) -> None:
    """PCGrad-like: each task's gradients are taken by autograd.grad, then put together by hand."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    parameters = list(net.parameters())
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        out = net(x)
        one = torch.autograd.grad(F.cross_entropy(out, y), parameters, retain_graph=True)
        two = torch.autograd.grad(out.square().mean(), parameters)
        optimizer.zero_grad()
        for parameter, first, second in zip(parameters, one, two, strict=True):
            parameter.grad = first + second
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def maml_by_functional_call(run: Run) -> None:
    """The inner step lies in the graph; both passes are the outer step's."""
    net = Mlp()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        (x, y), (query, wanted) = batch(step), batch(step + 30)
        optimizer.zero_grad()
        weights = dict(net.named_parameters())
        inner = F.cross_entropy(torch.func.functional_call(net, weights, (x,)), y)
        slopes = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
        adapted = {name: value - 0.1 * slope for (name, value), slope in zip(weights.items(), slopes, strict=True)}
        F.cross_entropy(torch.func.functional_call(net, adapted, (query,)), wanted).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def per_sample_gradients_by_vmap(run: Run) -> None:
    """Differential privacy: gradients of each sample are clipped, and their mean is assigned."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)

    def loss_of(weights, one, label):
        return F.cross_entropy(torch.func.functional_call(net, weights, (one[None],)), label[None])

    for step in range(4):
        x, y = batch(step)
        weights = {name: parameter.detach() for name, parameter in net.named_parameters()}
        each = torch.func.vmap(torch.func.grad(loss_of), in_dims=(None, 0, 0))(weights, x, y)
        for name, parameter in net.named_parameters():
            parameter.grad = each[name].clamp(-1, 1).mean(0)
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def per_sample_gradients_beside_an_ordinary_pass(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)

    def loss_of(weights, one, label):
        return F.cross_entropy(torch.func.functional_call(net, weights, (one[None],)), label[None])

    for step in range(4):
        x, y = batch(step)
        weights = {name: parameter.detach() for name, parameter in net.named_parameters()}
        each = torch.func.vmap(torch.func.grad(loss_of), in_dims=(None, 0, 0))(weights, x, y)
        run.keep(*[one.norm() for one in each.values()])
        mlp_step(run, step, net, optimizer)


@loop()
def a_jacobian_and_a_hessian_product_on_the_way(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, _ = batch(step + 10)
        run.keep(torch.func.jacrev(net)(x[0]), torch.autograd.functional.jacobian(net, x[:2]))
        run.keep(torch.autograd.functional.hvp(lambda one: net(one).square().sum(), x[:2], x[:2])[1])
        run.keep(torch.func.jvp(net, (x,), (x,))[1])
        mlp_step(run, step, net, optimizer)


@loop()
def a_probe_of_the_learning_rate_first(run: Run) -> None:
    """An LR finder trains a while, then puts everything back; its steps count, for they are steps."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    before = copy.deepcopy((net.state_dict(), optimizer.state_dict()))
    for step in range(2):
        mlp_step(run, step, net, optimizer)
    net.load_state_dict(before[0])
    optimizer.load_state_dict(before[1])
    for step in range(2, 4):
        mlp_step(run, step, net, optimizer)


@loop()
def accumulated_under_no_sync_like_context(run: Run) -> None:
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        for part in range(2):
            x, y = batch(2 * step + part, mean=3.0 * part)
            with torch.no_grad():
                hidden = F.linear(x, net[0].weight, net[0].bias)
            run.site(step, "0", "pre_activation", hidden)
            F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "0", "2")
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
