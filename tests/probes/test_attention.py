"""The entropy of attention's weights, against the plainest way to find it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.probes.attention import entropies
from shiftscope.recording.reader import open_recording
from tests.tracing.test_layers import layers_of

WIDTH, HEADS = 8, 2


def by_hand(weights):
    """Return entropies (heads,) of weights (samples, heads, queries, keys), one row after the other."""
    samples, heads, queries, keys = weights.shape
    found = []
    for head in range(heads):
        rows = []
        for sample in range(samples):
            for query in range(queries):
                row = [float(one) for one in weights[sample, head, query]]
                total = math.fsum(row)
                if math.isfinite(total) and total > 0:
                    rows.append(-math.fsum(w / total * math.log(w / total) for w in row if w > 0))
        found.append(math.fsum(rows) / len(rows))
    return found, [one / math.log(keys) for one in found]


class Keeping(nn.Module):
    """Keeps the weights of each call, to compare with."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def keep(self, weights):
        self.kept.append(weights.detach().clone() if weights.dim() == 4 else weights.detach().clone().unsqueeze(1))


class OwnAttention(nn.Module):
    """As in transformers: weights that dropout has passed, with a causal mask."""

    def __init__(self):
        super().__init__()
        self.qkv, self.proj, self.dropout = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), nn.Dropout(0.2)

    def forward(self, x):
        samples, length, _ = x.shape
        q, k, v = self.qkv(x).view(samples, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        scores = (q @ k.mT / 2).masked_fill(later, -torch.inf)
        weights = self.dropout(scores.softmax(-1))
        return self.proj((weights @ v).transpose(1, 2).reshape(samples, length, -1)), weights


class AttentionBlock(nn.Module):
    """Returns the weights of the attention inside of it, too."""

    def __init__(self):
        super().__init__()
        self.inner = OwnAttention()

    def forward(self, x):
        y, weights = self.inner(x)
        return x + y, weights


class Own(Keeping):
    def __init__(self):
        super().__init__()
        self.block, self.head = AttentionBlock(), nn.Linear(WIDTH, 2)

    def forward(self, x, wanted=True):
        y, weights = self.block(x)
        self.keep(weights)
        return self.head(y)


class Torchs(Keeping):
    def __init__(self, *, average):
        super().__init__()
        self.attn, self.average = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True), average

    def forward(self, x, wanted=True):
        y, weights = self.attn(x, x, x, need_weights=wanted, average_attn_weights=self.average)
        if wanted:
            self.keep(weights)
        return y


NETWORKS = {
    "own": (Own, "block.inner · attention", HEADS),
    "averaged": (lambda: Torchs(average=True), "attn · attention", 1),
    "by head": (lambda: Torchs(average=False), "attn · attention", HEADS),
}


def train(make, path=None, wanted=(True, True, True)):
    torch.manual_seed(0)
    network = make()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = (
        shiftscope.watch({"net": network}, to=path, optimizer=optimizer, schedule=1, on_error="raise") if path else None
    )
    for want in wanted:
        optimizer.zero_grad()
        network(torch.randn(3, 5, WIDTH), want).square().mean().backward()
        optimizer.step()
    if scope:
        scope.close()
    return network


@pytest.mark.parametrize("name", NETWORKS)
def test_entropies_are_those_of_the_weights_and_nothing_is_disturbed(name, tmp_path):
    make, layer, heads = NETWORKS[name]
    bare, watched = train(make), train(make, tmp_path / "run.shiftscope")
    assert all(torch.equal(one, other) for one, other in zip(bare.parameters(), watched.parameters(), strict=True))
    expected = [by_hand(weights) for weights in watched.kept]
    with open_recording(tmp_path / "run.shiftscope") as recording:
        for index, quantity in enumerate(("attention_entropy", "attention_entropy_share")):
            found = recording.values("attention", quantity, layer=layer, site="attention")
            assert found.shape == (3, heads)
            assert found == pytest.approx(np.array([one[index] for one in expected]), rel=1e-5)
        assert layer not in [one.name for one in recording.header.networks[0].layers]
        assert {row["layer"] for row in recording.rows("attention", ["attention_entropy"])} == {layer}


def test_where_the_weights_are_not_asked_for_they_are_absent(tmp_path):
    train(NETWORKS["by head"][0], tmp_path / "run.shiftscope", wanted=(True, False, True, False))
    with open_recording(tmp_path / "run.shiftscope") as recording:
        found = recording.values("attention", "attention_entropy", layer="attn · attention", site="attention")
        assert recording.steps("layers").tolist() == [0, 1, 2, 3]
        assert recording.steps_of(
            "attention", "attention_entropy", layer="attn · attention", site="attention"
        ).tolist() == [0, 2]
        assert np.isfinite(found).all()


def test_weights_are_chosen_by_name():
    x = torch.randn(3, 5, WIDTH)
    assert [layer.name for layer in layers_of(Own(), x)] == [
        "block.inner.qkv",
        "block.inner.proj",
        "block.inner · attention",
        "block · sum",
        "head",
    ]


@pytest.mark.parametrize(
    ("weights", "entropy", "share"),
    [
        (torch.full((2, 3, 4, 5), 0.2), [math.log(5)] * 3, [1.0] * 3),
        (torch.eye(4).expand(2, 1, 4, 4), [0.0], [0.0]),
        (torch.ones(2, 4, 1), [0.0], [math.nan]),
        (torch.tensor([[[0.5, 0.5, 0.0], [math.nan] * 3]]), [math.log(2)], [math.log(2) / math.log(3)]),
        (torch.full((1, 2, 2), math.nan), [math.nan], [math.nan]),
        (torch.tensor([[[0.0, 0.625], [1.25, 1.25]]]), [math.log(2) / 2], [0.5]),
    ],
)  # fmt: skip
def test_known_entropies(weights, entropy, share):
    found = entropies(weights)
    assert found["attention_entropy"].tolist() == pytest.approx(entropy, nan_ok=True)
    assert found["attention_entropy_share"].tolist() == pytest.approx(share, nan_ok=True)
