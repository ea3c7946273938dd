import copy
import itertools

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from shiftscope import config as c
from shiftscope.engine.schedules import every
from shiftscope.lab.models.twin import BatchNormOfLast, TwinError, twin
from shiftscope.lab.models.twins import twins
from shiftscope.lab.training.lockstep import Lockstep
from shiftscope.scope import watch
from shiftscope.testing.collecting import Collecting

INITS = ("default", "xavier_normal", "xavier_uniform", "he_normal", "he_uniform")


def three_variants(**network) -> c.RunConfig:
    return c.RunConfig(
        variants=(
            c.Variant(name="none"),
            c.Variant(name="before", normalization=c.BatchNormalization()),
            c.Variant(name="after", normalization=c.BatchNormalization(place="after", affine=False)),
        ),
        network=c.Mlp(**network),
    )


def linears(network: nn.Module) -> list[nn.Linear]:
    return [module for module in network.modules() if isinstance(module, nn.Linear)]


@pytest.mark.parametrize("init", INITS)
def test_all_variants_start_from_the_same_weights(init):
    networks = twins(three_variants(depth=3, width=8, init=init), inputs=5, classes=4)
    assert list(networks) == ["none", "before", "after"]
    for one, other in itertools.combinations(networks.values(), 2):
        for a, b in zip(linears(one), linears(other), strict=True):
            assert torch.equal(a.weight, b.weight)
            assert torch.equal(a.bias, b.bias)
            assert a.weight.data_ptr() != b.weight.data_ptr()


def test_the_seed_alone_determines_the_weights_and_the_global_state_is_untouched():
    config = three_variants(depth=2, width=4)
    torch.manual_seed(1)
    first = twins(config, inputs=5, classes=4)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = twins(config, inputs=5, classes=4)
    assert torch.equal(torch.get_rng_state(), before)
    for name in first:
        for a, b in zip(first[name].parameters(), second[name].parameters(), strict=True):
            assert torch.equal(a, b)
    other = twins(config.model_copy(update={"seed": 1}), inputs=5, classes=4)
    assert not torch.equal(linears(other["none"])[0].weight, linears(first["none"])[0].weight)


def test_blocks_are_named_and_their_children_stand_in_forward_order():
    networks = twins(three_variants(depth=2, width=4, activation="tanh"), inputs=5, classes=3)
    children = {
        name: {block: [child for child, _ in module.named_children()] for block, module in network.named_children()}
        for name, network in networks.items()
    }
    assert list(children["none"]) == ["hidden 1", "hidden 2", "output"]
    assert children["none"]["hidden 2"] == ["linear", "activation"]
    assert children["before"]["hidden 1"] == ["linear", "norm", "activation"]
    assert children["after"]["hidden 1"] == ["linear", "activation", "norm"]
    assert all(blocks["output"] == ["linear"] for blocks in children.values())


def test_the_inits_have_the_variances_of_their_papers():
    def first_layer(init):
        return linears(twins(three_variants(depth=1, width=400, init=init), inputs=600, classes=2)["none"])[0]

    variance = {init: first_layer(init).weight.var().item() for init in INITS}
    assert variance["default"] == pytest.approx(1 / (3 * 600), rel=0.02)
    assert variance["xavier_normal"] == pytest.approx(2 / 1000, rel=0.02)
    assert variance["xavier_uniform"] == pytest.approx(2 / 1000, rel=0.02)
    assert variance["he_normal"] == pytest.approx(2 / 600, rel=0.02)
    assert variance["he_uniform"] == pytest.approx(2 / 600, rel=0.02)
    assert first_layer("xavier_uniform").weight.abs().max() <= (6 / 1000) ** 0.5
    assert first_layer("default").bias.abs().max() > 0
    assert all(first_layer(init).bias.abs().max() == 0 for init in INITS if init != "default")


def test_a_twin_has_batch_norm_between_each_layer_and_its_activation_and_the_same_weights():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 3)
    ).double()
    copied = twin(model)
    assert [type(module).__name__ for module in copied] == [
        "Conv2d", "BatchNorm2d", "MaxPool2d", "ReLU", "Flatten", "Linear", "BatchNorm1d", "Tanh", "Linear",
    ]  # fmt: skip
    state = copied.state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(state[name], value)
    # Batch normalization of what the copied layer gives, by its definition.
    x = torch.randn(6, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = model[0](x)
    mean, variance = z.mean((0, 2, 3), keepdim=True), z.var((0, 2, 3), unbiased=False, keepdim=True)
    torch.testing.assert_close(copied[1](copied[0](x)), (z - mean) / (variance + 1e-5).sqrt())
    assert copied(x).dtype == torch.float64


def test_a_twin_shares_nothing_with_its_model():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    copied = twin(model)
    with torch.no_grad():
        copied[0].weight.zero_()
    assert model[0].weight.abs().max() > 0
    assert [name for name, _ in model.named_children()] == ["0", "1", "2"]


def test_sequentials_inside_a_module_of_ones_own_and_layers_that_have_batch_norm():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(
                nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU()), nn.Sequential(nn.Linear(5, 6)), nn.GELU()
            )
            self.head = nn.Sequential(nn.Linear(6, 2))

        def forward(self, x):
            return self.head(self.features(x))

    copied = twin(Net())
    norms = {name: m.num_features for name, m in copied.named_modules() if isinstance(m, nn.BatchNorm1d)}
    assert norms == {"features.0.1": 5, "features.1.0 norm": 6}
    assert copied(torch.randn(3, 4)).shape == (3, 2)


def test_without_batch_norm():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).eval()
    copied = twin(model, "none")
    assert isinstance(copied[1], nn.Identity)
    assert not copied[1].training
    x = torch.randn(5, 3)
    assert torch.equal(copied(x), model[3](model[2](model[0](x))))
    back = twin(copied)
    assert torch.equal(back[0].weight, model[0].weight)
    assert isinstance(back[1], nn.BatchNorm1d)


def test_a_layer_outside_a_sequential_is_refused_by_name():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Module()
            self.inner.first = nn.Linear(3, 4)

    with pytest.raises(TwinError, match=r"inner\.first stands in a Module.*nn\.Sequential"):
        twin(Net())


@pytest.mark.parametrize("model", [nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 2), nn.Sequential(nn.ReLU())])
def test_nothing_to_normalize_is_refused(model):
    with pytest.raises(TwinError, match="has no twin: no layer"):
        twin(model)
    with pytest.raises(TwinError, match="has no twin: no normalization"):
        twin(model, "none")


def convolutions(norm):
    return nn.Sequential(nn.Conv2d(3, 12, 3), norm, nn.ReLU(), nn.Flatten(), nn.Linear(12 * 36, 2))


@pytest.mark.parametrize("kind", ["batch", "layer", "group"])
@pytest.mark.parametrize(
    "norm", [nn.BatchNorm2d(12), nn.GroupNorm(1, 12), nn.GroupNorm(3, 12), nn.InstanceNorm2d(12, affine=True)]
)
def test_normalizations_are_exchanged_with_their_scale_and_shift(norm, kind):
    with torch.no_grad():
        norm.weight.uniform_(0.5, 1.5)
    model = convolutions(norm)
    x = torch.randn(4, 3, 8, 8)
    try:
        other = twin(model, kind)
    except TwinError:  # it is of that kind: of a model that has it everywhere there is no twin
        return
    assert other[1] is not norm
    assert torch.equal(other[1].weight, norm.weight)
    assert [name for name, _ in other.named_parameters()] == [name for name, _ in model.named_parameters()]
    pre = other[1](other[0](x))
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3)}.get(kind)
    if axes:
        plain = nn.functional.batch_norm if kind == "batch" else nn.functional.group_norm
        expected = (
            plain(model[0](x), None, None, norm.weight, norm.bias, training=True)
            if kind == "batch"
            else plain(model[0](x), 1, norm.weight, norm.bias)
        )
        torch.testing.assert_close(pre, expected)
    else:
        assert other[1].num_groups == 4


def test_a_transformers_layer_norms():
    block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0)
    x = torch.randn(3, 5, 8)
    without = twin(block, None)
    assert not [module for module in without.modules() if isinstance(module, nn.LayerNorm)]
    batch = twin(block, "batch")
    assert isinstance(batch.norm1, BatchNormOfLast)
    expected = nn.BatchNorm1d(8)(x.reshape(-1, 8)).reshape(x.shape)
    torch.testing.assert_close(batch.norm1(x), expected)
    assert batch(x).shape == x.shape
    with pytest.raises(TwinError, match="last axis"):
        twin(block, "group")


@pytest.mark.parametrize(("kind", "types"), [("layer", (nn.GroupNorm, nn.LayerNorm)), ("group", (nn.GroupNorm,) * 2)])
def test_normalizations_are_put_in(kind, types):
    model = nn.Sequential(
        nn.Conv2d(3, 12, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12 * 36, 6), nn.Tanh(), nn.Linear(6, 2)
    )
    other = twin(model, kind)
    found = [module for module in other.modules() if isinstance(module, nn.GroupNorm | nn.LayerNorm)]
    assert tuple(map(type, found)) == types
    assert other(torch.randn(4, 3, 8, 8)).shape == (4, 2)
    assert torch.equal(other[0].weight, model[0].weight)


def test_what_is_no_normalization_is_refused():
    with pytest.raises(TwinError, match="'batch', 'layer', 'group' or None"):
        twin(convolutions(nn.BatchNorm2d(12)), "spectral")


def test_networks_that_are_trained_in_step_are_those_that_are_trained_alone():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    both = Lockstep({"mine": model, "same": copy.deepcopy(model), "without BN": twin(model, None)}, sgd, cross_entropy)
    alone = copy.deepcopy(model)
    optimizer = sgd(alone.parameters())
    batches = [(torch.randn(9, 6), torch.randint(3, (9,))) for _ in range(4)]
    sink = Collecting()
    torch.manual_seed(1)
    with watch(both.networks, to=sink, optimizer=both.optimizers, schedule=every(1)) as scope:
        for x, y in batches:
            scope.log(loss=both.step(x, y))
    drawn = torch.rand(1)
    torch.manual_seed(1)
    for x, y in batches:
        optimizer.zero_grad()
        cross_entropy(alone(x), y).backward()
        optimizer.step()
    assert torch.equal(torch.rand(1), drawn)
    for name, value in alone.state_dict().items():
        assert torch.equal(value, both.networks["mine"].state_dict()[name])
        assert torch.equal(value, both.networks["same"].state_dict()[name])
    assert (
        [frame.step for frame in sink.of("layers")] == [frame.step for frame in sink.of("logged_loss")] == [0, 1, 2, 3]
    )


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1)
