"""What goes into a network and comes out of it: keywords, dicts, dataclasses, packed sequences, nothing at all."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


@dataclass
class Batch:
    """Inputs, as a data class."""

    x: torch.Tensor
    mask: torch.Tensor | None = None


class ModelOutput(OrderedDict):
    """A dict that is read by attribute, too."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def _train(run: Run, net: nn.Module, call, sizes=(8, 8, 8, 8)) -> None:
    """Train a network that is called in its own way; `call` gives its logits."""
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step, size in enumerate(sizes):
        x, y = batch(step, size)
        passing(run, step, net, x)
        optimizer.zero_grad()
        loss = F.cross_entropy(call(net, x, y), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def keywords_alone(run: Run) -> None:
    class Keyed(Mlp):
        def forward(self, *, ids, mask=None):
            return super().forward(ids if mask is None else ids * mask)

    _train(run, Keyed(), lambda net, x, _: net(ids=x, mask=torch.ones_like(x)))


@loop()
def one_dict(run: Run) -> None:
    class Own(Mlp):
        def forward(self, given):
            return super().forward(given["x"])

    _train(run, Own(), lambda net, x, y: net({"x": x, "y": y, "epoch": 3, "text": "none"}))


@loop()
def a_dataclass(run: Run) -> None:
    class Own(Mlp):
        def forward(self, given):
            return super().forward(given.x)

    _train(run, Own(), lambda net, x, _: net(Batch(x)))


@loop()
def inputs_and_lengths(run: Run) -> None:
    class Own(Mlp):
        def forward(self, x, lengths):
            return super().forward(x) * len(lengths)

    _train(run, Own(), lambda net, x, _: net(x, [8] * 8))


@loop()
def nested_tuples_and_none(run: Run) -> None:
    class Own(Mlp):
        def forward(self, first, rest=(), nothing=None, *, flag=True):
            assert nothing is None
            return [super().forward(first[0][0]), {"rest": rest, "flag": flag}]

    _train(run, Own(), lambda net, x, y: net(((x,), y), (1, "two", None), nothing=None)[0])


@loop()
def a_model_output_with_the_loss(run: Run) -> None:
    class Own(Mlp):
        def forward(self, x, labels):
            logits = super().forward(x)
            return ModelOutput(loss=F.cross_entropy(logits, labels), logits=logits, hidden=(x, logits), nothing=None)

    _train(run, Own(), lambda net, x, y: net(x, labels=y).logits)


@loop()
def a_named_tuple(run: Run) -> None:
    made = namedtuple("made", "logits penalty")

    class Own(Mlp):
        def forward(self, x):
            return made(super().forward(x), 0.0)

    _train(run, Own(), lambda net, x, _: net(x).logits)


@loop()
def no_input_at_all(run: Run) -> None:
    """A network that generates its own data, from a seed or from an int."""

    class Own(Mlp):
        def forward(self, seed, size=8):
            return super().forward(batch(seed, size)[0])

    net = Own()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        passing(run, step, net, batch(step)[0])
        optimizer.zero_grad()
        F.cross_entropy(net(step), batch(step)[1]).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def ids_into_an_embedding(run: Run) -> None:
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = nn.Embedding(11, 4), nn.Linear(4, 3)

        def forward(self, ids, mask):
            return self.head(self.embed(ids) * mask[..., None])

    net = Tagger()
    optimizer = torch.optim.AdamW(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        ids = torch.arange(12).reshape(3, 4) % 11
        mask = torch.ones(3, 4)
        with torch.no_grad():
            run.site(
                step, "head", "output", F.linear(F.embedding(ids, net.embed.weight), net.head.weight, net.head.bias)
            )
        optimizer.zero_grad()
        F.cross_entropy(net(ids=ids, mask=mask).flatten(0, 1), (ids % 3).flatten()).backward()
        run.grads(step, net, "head")
        optimizer.step()


@loop()
def a_packed_sequence(run: Run) -> None:
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.GRU(4, 5, batch_first=True), nn.Linear(5, 3)

        def forward(self, packed):
            _, last = self.rnn(packed)
            return self.head(last[0])

    net = Reader()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step, 3)
        sequence = x[:, None].expand(3, 6, 4)
        packed = nn.utils.rnn.pack_padded_sequence(
            sequence, torch.tensor([6, 2 + step % 3, 1]), batch_first=True, enforce_sorted=False
        )
        optimizer.zero_grad()
        out = net(packed)
        run.site(step, "head", "output", out)
        F.cross_entropy(out, y).backward()
        run.grads(step, net, "head")
        optimizer.step()


@loop()
def a_nested_tensor_list(run: Run) -> None:
    """Detection: a list of images of unlike sizes, a list of dicts as targets, a dict of losses."""

    class Detector(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.head = nn.Conv2d(1, 2, 3), nn.Linear(2, 3)

        def forward(self, images, targets=None):
            codes = torch.stack([self.stem(one[None]).mean((0, 2, 3)) for one in images])
            return {"classes": F.cross_entropy(self.head(codes), torch.stack([one["label"] for one in targets]))}

    net = Detector()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        images = [torch.randn(1, 5 + step + index, 6) for index in range(3)]
        targets = [{"label": torch.tensor(index)} for index in range(3)]
        with torch.no_grad():
            for one in images:
                run.site(step, "stem", "output", F.conv2d(one[None], net.stem.weight, net.stem.bias))
        optimizer.zero_grad()
        sum(net(images, targets).values()).backward()
        run.grads(step, net, "stem", "head")
        optimizer.step()
