from collections import OrderedDict

import pytest
import torch
from torch import nn

from shiftscope import config as c
from shiftscope.lab.models.folding import FoldingError, fold
from shiftscope.lab.models.twins import twins


def trained(network: c.Network, dtype: torch.dtype, **options) -> nn.Module:
    """A network whose running statistics, gamma and beta have moved."""
    variant = c.Variant(name="BN", normalization=c.BatchNormalization(**options), dropout=0.3)
    config = c.RunConfig(network=network, variants=(variant,))
    model = twins(config, inputs=64, classes=10)["BN"].to(dtype)
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(20):
        x = torch.rand(32, 64, generator=generator, dtype=dtype)
        loss = nn.functional.cross_entropy(model(x), torch.randint(10, (32,), generator=generator))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("network", [c.Mlp(depth=3, width=16, activation="tanh"), c.Cnn(depth=3, channels=6)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("affine", [True, False])
def test_a_folded_network_is_the_same_function_without_normalization(network, dtype, tolerance, affine):
    model = trained(network, dtype, affine=affine)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    folded = fold(model)
    x = torch.rand(100, 64, dtype=dtype)
    expected = model.eval()(x)
    output = folded(x)
    assert not any(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in folded.modules())
    torch.testing.assert_close(output, expected, rtol=tolerance, atol=tolerance)
    assert torch.equal(output.argmax(1), expected.argmax(1))
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_normalization_behind_the_activation_goes_into_the_next_linear_map():
    model = trained(c.Mlp(depth=3, width=16), torch.float64, place="after")
    folded = fold(model)
    assert isinstance(folded[0].norm, nn.Identity)
    x = torch.rand(100, 64, dtype=torch.float64)
    torch.testing.assert_close(folded(x), model.eval()(x), rtol=1e-12, atol=1e-12)


def test_a_layer_without_bias_gets_one():
    model = nn.Sequential(OrderedDict(map=nn.Linear(3, 4, bias=False), norm=nn.BatchNorm1d(4))).double()
    model(torch.randn(50, 3, dtype=torch.float64) + 2)
    folded = fold(model)
    x = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(folded(x), model.eval()(x))
    assert folded.map.bias is not None


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Sequential(nn.BatchNorm1d(3), nn.ReLU()), "0 stands neither behind"),
        (
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 3, padding=1)),
            "2 stands neither .* pads its input with zeros",
        ),
        (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3, track_running_stats=False)), "1 has no running statistics"),
    ],
)
def test_what_cannot_be_folded_is_named(model, words):
    with pytest.raises(FoldingError, match=words):
        fold(model)
