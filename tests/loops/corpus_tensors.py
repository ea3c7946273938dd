"""Modules and tensors of every kind: tied, parametrized, sparse, complex, quantized, distributed, shrunk, in place."""

from __future__ import annotations

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Replicate, distribute_tensor
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


@loop()
def sparse_gradients_with_sparse_adam(run: Run) -> None:
    class Sparse(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = nn.Embedding(9, 4, sparse=True), nn.Linear(4, 3)

        def forward(self, ids):
            return self.head(self.embed(ids))

    net = Sparse()
    optimizer, other = torch.optim.SparseAdam(net.embed.parameters()), torch.optim.Adam(net.head.parameters())
    run.watch(net)
    run.compare(optimizer, other)
    for step in range(4):
        ids = torch.tensor([1, 1, step, 5])
        optimizer.zero_grad()
        other.zero_grad()
        out = net(ids)
        run.site(step, "head", "output", out)
        F.cross_entropy(out, ids % 3).backward()
        run.grads(step, net, "head")
        optimizer.step()
        other.step()


@loop()
def relu_in_place(run: Run) -> None:
    net = Mlp()
    net.act = nn.ReLU(inplace=True)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            before = F.linear(x, net.first.weight, net.first.bias)
        run.site(step, "first", "pre_activation", before)
        run.site(step, "first", "output", before.relu())
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def an_output_added_to_in_place(run: Run) -> None:
    """What the layer gave is seen as it gave it, not as `+=` left it."""

    class Residual(Mlp):
        def forward(self, x):
            hidden = self.first(x)
            hidden += 100
            return self.second(hidden)

    net = Residual()
    optimizer = sgd(net, lr=1e-5)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            run.site(step, "first", "output", F.linear(x, net.first.weight, net.first.bias))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop(warns="complex")
def complex_weights(run: Run) -> None:
    net = nn.Sequential(nn.Linear(4, 6, dtype=torch.cfloat), nn.Linear(6, 3, dtype=torch.cfloat))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x.to(torch.cfloat)).abs(), y)
        loss.backward()
        optimizer.step()
        run.keep(loss)


@loop(warns="complex")
def a_complex_layer_among_real_ones(run: Run) -> None:
    class Mixed(Mlp):
        def __init__(self):
            super().__init__()
            self.phase = nn.Linear(6, 6, dtype=torch.cfloat)

        def forward(self, x):
            return self.second(self.phase(self.act(self.first(x)).to(torch.cfloat)).real)

    net = Mixed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            run.site(step, "first", "pre_activation", F.linear(x, net.first.weight, net.first.bias))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def channels_last(run: Run) -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3)).to(
        memory_format=torch.channels_last
    )
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        image = torch.randn(5, 2, 4, 4).to(memory_format=torch.channels_last)
        with torch.no_grad():
            before = F.conv2d(image, net[0].weight, net[0].bias)
        run.site(step, "0", "pre_activation", before)
        run.site(step, "0", "output", before.relu())
        optimizer.zero_grad()
        F.cross_entropy(net(image), torch.arange(5) % 3).backward()
        run.grads(step, net, "0", "3")
        optimizer.step()


@loop()
def views_and_expanded_inputs(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step, 4)
        x = x.t().contiguous().t()[::2].expand(3, 2, 4).transpose(0, 1)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x).flatten(0, 1), y[:1].repeat(6)).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def distributed_tensors_on_a_mesh_of_one(run: Run) -> None:
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        mesh = init_device_mesh("cpu", (1,))
        net = Mlp()
        for module in (net.first, net.second):
            for name, value in list(module.named_parameters(recurse=False)):
                setattr(module, name, nn.Parameter(distribute_tensor(value.data, mesh, [Replicate()])))
        optimizer = sgd(net)
        run.watch(net, optimizer=optimizer)
        for step in range(4):
            x, y = batch(step)
            with torch.no_grad():
                local = [one.to_local() for one in (net.first.weight, net.first.bias)]
            run.site(step, "first", "pre_activation", F.linear(x, *local))
            optimizer.zero_grad()
            loss = F.cross_entropy(net(distribute_tensor(x, mesh, [Replicate()])).to_local(), y)
            loss.backward()
            norm = float(net.first.weight.grad.to_local().double().norm())
            run.number(step, "gradient_norm", norm, "first", "weight")
            optimizer.step()
            run.keep(loss)
    finally:
        run.finish()
        torch.distributed.destroy_process_group()


@loop()
def tensor_subclasses_pass(run: Run) -> None:
    class Tagged(torch.Tensor):
        """Remembers nothing, but is no plain tensor."""

    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x.as_subclass(Tagged)), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(type(loss).__name__)


@loop()
def sparse_inputs(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        x = x * (x > 0.5)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x.to_sparse()), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def values_that_are_not_finite(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        if step == 2:
            x[0, 0] = float("nan")
            x[1, 1] = float("inf")
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x)[2:], y[2:])
        loss.backward()
        if step < 2:
            run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)
