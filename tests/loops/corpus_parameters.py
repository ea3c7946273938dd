"""Parameters of every kind: parametrized, pruned, tied, lazy, shrunk, replaced, flattened, quantized."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


def _train(run: Run, net: nn.Module, optimizer: torch.optim.Optimizer | None = None, steps: int = 4) -> None:
    """Train a network of the Mlp's form, and declare what passes from the weights that it computes with."""
    optimizer = optimizer or sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(steps):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        passing(run, step, net, x)  # with the weights that the pass has just made
        loss.backward()
        optimizer.step()
        run.keep(loss)


@loop()
def weight_norm(run: Run) -> None:
    net = Mlp()
    net.first = parametrizations.weight_norm(net.first)
    _train(run, net)


@loop()
def the_old_weight_norm(run: Run) -> None:
    net = Mlp()
    net.first = nn.utils.weight_norm(net.first)
    _train(run, net)


@loop()
def orthogonal_weights(run: Run) -> None:
    net = Mlp()
    net.second = parametrizations.orthogonal(net.second)
    _train(run, net)


@loop()
def pruned_weights(run: Run) -> None:
    net = Mlp()
    prune.l1_unstructured(net.first, "weight", amount=0.4)
    _train(run, net)


@loop(6)
def pruned_and_parametrized_in_mid_run(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net)
    for step in range(6):
        if step == 2:
            prune.random_unstructured(net.first, "weight", amount=0.3)
            optimizer = sgd(net)
        if step == 4:
            prune.remove(net.first, "weight")
            optimizer = sgd(net)
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        passing(run, step, net, x)  # with the weights that the pass has just made
        loss.backward()
        optimizer.step()
        run.keep(loss)


@loop()
def tied_weights(run: Run) -> None:
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.act = nn.Embedding(7, 4), nn.Tanh()
            self.first, self.head = nn.Linear(4, 4), nn.Linear(4, 7, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, ids):
            return self.head(self.act(self.first(self.embed(ids))))

    net = Tied()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        ids = (torch.arange(10) + step) % 7
        optimizer.zero_grad()
        out = net(ids)
        run.site(step, "head", "output", out)
        F.cross_entropy(out, ids).backward()
        run.grads(step, net, "first", "head")
        optimizer.step()


@loop()
def one_module_under_two_names(run: Run) -> None:
    class Shared(Mlp):
        def __init__(self):
            super().__init__()
            self.again = self.first

        def forward(self, x):
            return self.second(self.act(self.first(x) + self.again(2 * x)))

    net = Shared()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        out = net(x)
        run.site(step, "second", "output", out)
        F.cross_entropy(out, y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


class LazyNet(nn.Module):
    """Its layers get their shapes in the first pass."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.act, self.second = nn.LazyLinear(6), nn.Tanh(), nn.LazyLinear(3)

    def forward(self, x):
        return self.second(self.act(self.first(x)))


@loop()
def lazy_layers_materialized_before(run: Run) -> None:
    net = LazyNet()
    net(batch(0)[0])
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)


@loop()
def lazy_layers_materialized_while_watched(run: Run) -> None:
    net = LazyNet()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        passing(run, step, net, x)
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop(6)
def a_layer_shrunk_by_its_data(run: Run) -> None:
    """Structured pruning: fewer units, in the same Parameter."""
    net = Mlp(hidden=16)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        if step == 3:
            optimizer.zero_grad()
            net.first.weight.data, net.first.bias.data = net.first.weight.data[:8], net.first.bias.data[:8]
            net.second.weight.data = net.second.weight.data[:, :8]
        mlp_step(run, step, net, optimizer)


@loop(6)
def parameters_replaced_by_new_ones(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net)
    for step in range(6):
        if step == 3:
            net.first.weight = nn.Parameter(torch.zeros_like(net.first.weight))
            optimizer = sgd(net)
        mlp_step(run, step, net, optimizer)


@loop()
def parameters_in_one_flat_buffer(run: Run) -> None:
    """As FSDP and old DDP lay them out: each is a view."""
    net = Mlp()
    flat = torch.cat([one.detach().flatten() for one in net.parameters()])
    at = 0
    for one in net.parameters():
        one.data = flat[at : at + one.numel()].view_as(one)
        at += one.numel()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)
    run.keep(flat)


@loop()
def quantization_aware_training(run: Run) -> None:
    from torch.ao import quantization  # noqa: PLC0415  it warns when it is loaded

    class Quantized(nn.Module):
        def __init__(self):
            super().__init__()
            self.quant, self.dequant = quantization.QuantStub(), quantization.DeQuantStub()
            self.first, self.act, self.second = nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)

        def forward(self, x):
            return self.dequant(self.second(self.act(self.first(self.quant(x)))))

    net = Quantized().train()
    net.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    net = quantization.prepare_qat(net)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "second")
        optimizer.step()
        run.keep(loss)
