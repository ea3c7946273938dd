from itertools import product

import pytest
import torch
from torch import nn

from shiftscope import config as c
from shiftscope.lab.models.networks import build
from shiftscope.lab.models.twins import twins

IMAGE = (1, 8, 8)
NONE = c.NoNormalization()
NORMALIZATIONS = [
    c.NoNormalization(), c.BatchNormalization(), c.BatchNormalization(place="after"), c.LayerNormalization(),
    c.GroupNormalization(groups=2), c.NoisyBatchNormalization(), c.Whitening(group_size=2),
]  # fmt: skip


def make(network: c.Network, normalization: c.Normalization = NONE, dropout: float = 0.0) -> nn.Module:
    variant = c.Variant(name="one", normalization=normalization, dropout=dropout)
    return build(network, variant, inputs=64, classes=10, image=IMAGE)


@pytest.mark.parametrize("network", [c.Mlp(depth=3, width=12), c.Cnn(depth=5, channels=4), c.Rnn(width=12)])
def test_the_config_counts_parameters_and_values_as_they_are(network):
    built = make(network)
    assert sum(parameter.numel() for parameter in built.parameters()) == network.parameters(IMAGE)
    counted = []
    for module in built.modules():
        if isinstance(module, nn.ReLU | nn.Tanh):
            module.register_forward_hook(lambda module, inputs, output: counted.append(output[0].numel()))
    built(torch.rand(3, 64))
    assert sum(counted) == network.activations(IMAGE)


@pytest.mark.parametrize(
    ("network", "normalization"),
    [
        *product([c.Mlp(depth=2, width=4), c.Cnn(depth=2, channels=4)], NORMALIZATIONS),
        (c.Cnn(depth=2, channels=4), c.InstanceNormalization()),
        *product([c.Rnn(width=4)], NORMALIZATIONS[:5]),
    ],
    ids=lambda part: part.kind,
)
def test_every_normalization_leaves_the_start_weights_alone_and_trains(network, normalization):
    variants = (c.Variant(name="plain"), c.Variant(name="normalized", normalization=normalization, dropout=0.2))
    networks = twins(c.RunConfig(network=network, variants=variants), inputs=64, classes=10)
    plain, normalized = ([m for m in n.modules() if isinstance(m, nn.Linear | nn.Conv2d)] for n in networks.values())
    for a, b in zip(plain, normalized, strict=True):
        assert torch.equal(a.weight, b.weight)
        assert torch.equal(a.bias, b.bias)
    model = networks["normalized"]
    output = model(torch.rand(6, 64))
    assert output.shape == (6, 10)
    output.square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("network", [c.Mlp(depth=3, width=12), c.Cnn(depth=3, channels=4), c.Rnn(width=12)])
def test_colour_images_are_counted_and_trained_on(network):
    config = c.RunConfig(dataset=c.Cifar10(), network=network, batch_size=8)
    plain = twins(config, inputs=config.dataset.features, classes=10)["without BN"]
    assert sum(parameter.numel() for parameter in plain.parameters()) == network.parameters(config.dataset.image)
    images = torch.rand(8, config.dataset.features)
    plain(images).square().sum().backward()
    assert all((parameter.grad != 0).any() for parameter in plain.parameters())


def test_networks_see_a_colour_image_as_its_channels():
    image = torch.rand(2, 3, 32, 32)
    seen = []
    for kind, block in (("cnn", "conv 1"), ("rnn", "row 2")):
        config = c.RunConfig.model_validate({"dataset": {"kind": "cifar10"}, "network": {"kind": kind}})
        network = twins(config, inputs=3072, classes=10)["without BN"]
        layer = next(m for m in network.get_submodule(block).modules() if isinstance(m, nn.Linear | nn.Conv2d))
        layer.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
        network(image.flatten(1))
    assert torch.equal(seen[0], image)
    assert torch.equal(seen[1][:, :96], image[:, :, 1].flatten(1))


def test_a_cnn_is_what_its_config_says():
    network = c.Cnn(depth=4, channels=3, pool_every=1, activation="tanh")
    model = make(network, c.BatchNormalization(), dropout=0.1)
    assert [name for name, _ in model.named_children()] == ["conv 1", "conv 2", "conv 3", "conv 4", "output"]
    assert [name for name, _ in model[0].named_children()] == ["image", "conv", "norm", "activation", "pool", "dropout"]
    assert network.maps(IMAGE) == ((8, 8), (4, 4), (2, 2), (1, 1))
    model.eval()
    x = torch.rand(5, 64)
    value = x.reshape(5, 1, 8, 8)
    for number in range(1, 5):
        conv, norm = model.get_submodule(f"conv {number}.conv"), model.get_submodule(f"conv {number}.norm")
        value = nn.functional.conv2d(value, conv.weight, conv.bias, padding=1)
        value = (value / (1 + norm.eps) ** 0.5).tanh()  # running mean 0 and variance 1
        value = nn.functional.max_pool2d(value, 2) if number < 4 else value
    torch.testing.assert_close(model(x), model.get_submodule("output.linear")(value.mean((2, 3))))


@pytest.mark.parametrize("kind", ["none", "layer"])
def test_an_rnn_reads_the_rows_from_the_top(kind):
    model = make(c.Rnn(width=6), c.LayerNormalization() if kind == "layer" else c.NoNormalization())
    assert [name for name, _ in model.named_children()] == [*(f"row {n}" for n in range(1, 9)), "output"]
    linear = model.get_submodule("row 1.linear")
    assert all(model.get_submodule(f"row {n}").linear.weight is linear.weight for n in range(2, 9))
    x = torch.rand(5, 64)
    state = torch.zeros(5, 6)
    for row in x.reshape(5, 8, 8).unbind(1):
        total = row @ linear.weight[:, :8].T + linear.bias + state @ linear.weight[:, 8:].T
        if kind == "layer":
            deviation = (total.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
            total = (total - total.mean(1, keepdim=True)) / deviation
        state = total.tanh()
    torch.testing.assert_close(model(x), state @ model.output.linear.weight.T + model.output.linear.bias)


def test_an_rnn_keeps_statistics_by_row_and_one_gamma_for_all():
    model = make(c.Rnn(width=6), c.BatchNormalization())
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d)]
    assert len(norms) == 8
    assert all(norm.weight is norms[0].weight and norm.bias is norms[0].bias for norm in norms)
    model(torch.rand(50, 64))
    assert not torch.equal(norms[0].running_mean, norms[1].running_mean)
    other = make(c.Rnn(width=6), c.BatchNormalization())
    other.load_state_dict(model.state_dict())
    x = torch.rand(5, 64)
    assert torch.equal(model.eval()(x), other.eval()(x))


def test_normal_and_zero_inits():
    spread = make(c.Mlp(depth=1, width=500, init="normal", init_std=0.3))
    assert spread[0].linear.weight.std().item() == pytest.approx(0.3, rel=0.02)
    nothing = make(c.Cnn(depth=1, channels=2, init="zeros"))
    assert all(parameter.abs().max() == 0 for parameter in nothing.parameters())


def test_dropout_stands_behind_each_hidden_block_and_scales_what_it_leaves():
    torch.manual_seed(0)
    model = make(c.Mlp(depth=2, width=4), c.BatchNormalization(place="after"), dropout=0.25)
    assert [name for name, _ in model[1].named_children()] == ["linear", "activation", "norm", "dropout"]
    dropped = model[0].dropout(torch.ones(100_000))
    assert (dropped == 0).double().mean().item() == pytest.approx(0.25, abs=0.01)
    assert dropped.max().item() == pytest.approx(1 / 0.75)
