"""Frozen layers, parts that are not what their name says, deep networks, and those without a layer."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, Normed, batch, passing, sgd


@loop(6)
def a_backbone_unfrozen_later(run: Run) -> None:
    net = Mlp()
    net.first.requires_grad_(requires_grad=False)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        if step == 3:
            net.first.requires_grad_(requires_grad=True)
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, *(["first", "second"] if step >= 3 else ["second"]))
        optimizer.step()


@loop(6)
def unfrozen_layer_by_layer_into_the_optimizer(run: Run) -> None:
    net = Mlp()
    net.first.requires_grad_(requires_grad=False)
    optimizer = torch.optim.SGD(net.second.parameters(), lr=0.1)
    run.watch(net, optimizer=optimizer)
    for step in range(6):
        if step == 3:
            net.first.requires_grad_(requires_grad=True)
            optimizer.add_param_group({"params": list(net.first.parameters()), "lr": 0.01})
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, *(["first", "second"] if step >= 3 else ["second"]))
        optimizer.step()


@loop()
def a_frozen_backbone(run: Run) -> None:
    """Its layers train nothing, but what passes them is the step's."""
    net = Mlp()
    net.first.requires_grad_(requires_grad=False)
    optimizer = torch.optim.SGD([one for one in net.parameters() if one.requires_grad], lr=0.1)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "second")
        optimizer.step()


@loop()
def a_backbone_under_no_grad(run: Run) -> None:
    class Probe(Mlp):
        def forward(self, x):
            with torch.no_grad():
                hidden = self.act(self.first(x))
            return self.second(hidden)

    net = Probe()
    optimizer = torch.optim.Adam(net.second.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            hidden = F.linear(x, net.first.weight, net.first.bias).tanh()
            run.site(step, "second", "output", F.linear(hidden, net.second.weight, net.second.bias))
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "second")
        optimizer.step()


@loop()
def a_frozen_batch_norm_in_eval_mode(run: Run) -> None:
    net = Normed()
    net.block[1].eval().requires_grad_(requires_grad=False)
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            raw = F.linear(x, net.block[0].weight, net.block[0].bias)
            run.site(step, "block", "pre_activation", raw / (1 + 1e-5) ** 0.5)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "head")
        optimizer.step()


class GatedNorm(nn.Module):
    """Gives its result and its gate."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(6))

    def forward(self, x):
        gate = torch.sigmoid(x.mean())
        return x * self.scale * gate, gate


@loop()
def a_norm_that_returns_a_tuple(run: Run) -> None:
    class Own(Mlp):
        def __init__(self):
            super().__init__()
            self.norm = GatedNorm()

        def forward(self, x):
            hidden, _ = self.norm(self.first(x))
            return self.second(self.act(hidden))

    _with_a_strange_part(run, Own(), "second")  # the first layer has the norm's parameter, too


@loop()
def an_activation_that_takes_and_returns_a_dict(run: Run) -> None:
    class Gated(nn.Module):
        def forward(self, given):
            return {"x": given["x"].relu(), "more": None}

    class Own(Mlp):
        def __init__(self):
            super().__init__()
            self.activation = Gated()

        def forward(self, x):
            return self.second(self.activation({"x": self.first(x)})["x"])

    _with_a_strange_part(run, Own())


@loop()
def a_norm_called_with_keywords_and_one_that_is_none(run: Run) -> None:
    class Conditional(nn.Module):
        def forward(self, *, x, condition=None):
            return x if condition is None else x * condition

    class Own(Mlp):
        def __init__(self):
            super().__init__()
            self.norm = Conditional()
            self.activation = None

        def forward(self, x):
            return self.second(self.norm(x=self.first(x), condition=torch.ones(6)))

    _with_a_strange_part(run, Own())


def _with_a_strange_part(run: Run, net: nn.Module, *layers: str) -> None:
    """Train a network of which a part is known by its name alone, and need not do what its name says."""
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        out = net(x)
        run.site(step, "second", "output", out)
        loss = F.cross_entropy(out, y)
        loss.backward()
        run.grads(step, net, *(layers or ("first", "second")))
        optimizer.step()
        run.keep(loss)


@loop()
def a_transformer_encoder(run: Run) -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.1, batch_first=True)
    net = nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(4, 3))
    optimizer = torch.optim.AdamW(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        out = net(x[:, None].repeat(1, 5, 1))
        run.site(step, "1", "output", out)
        loss = F.cross_entropy(out.mean(1), y)
        loss.backward()
        run.grads(step, net, "1")
        optimizer.step()
        run.keep(loss)


@loop()
def a_transformer_encoder_trained_in_eval_mode(run: Run) -> None:
    """Fine-tuned without dropout: its sums are seen, and its evaluations take torch's fast path."""
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.1, batch_first=True)
    net = nn.Sequential(nn.TransformerEncoder(layer, 2), nn.Linear(4, 3)).eval()
    optimizer = torch.optim.AdamW(net.parameters())
    run.watch(net, optimizer=optimizer)
    first = net[0].layers[0]
    for step in range(4):
        x, y = batch(step)
        x = x[:, None].repeat(1, 5, 1)
        with torch.no_grad():
            added = x + first.self_attn(x, x, x, need_weights=False)[0]
            run.keep(net(x))
        run.site(step, "0.layers.0 · sum", "output", added)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x).mean(1), y)
        loss.backward()
        run.grads(step, net, "1")
        optimizer.step()
        run.keep(loss)


@loop()
def two_hundred_layers(run: Run) -> None:
    net = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(200)], nn.Linear(4, 3))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            hidden = x
            for index in range(200):
                hidden = F.linear(hidden, net[index][0].weight, net[index][0].bias).tanh()
                if index in {0, 99, 199}:
                    run.site(step, str(index), "output", hidden)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "200")
        optimizer.step()


class Bare(nn.Module):
    """A network of parameters alone."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 3))

    def forward(self, x):
        return x @ self.weight


@loop()
def no_layers_at_all(run: Run) -> None:
    net = Bare()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.number(step, "gradient_norm", float(net.weight.grad.double().norm()), "Bare", "weight")
        optimizer.step()
        run.keep(loss)
