import json
import sys
from itertools import product
from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import TypeAdapter, ValidationError

from shiftscope import config as c
from shiftscope.config.keys import meant_instead
from shiftscope.experiments.catalogue import catalogue

NETWORKS = [c.Mlp(), c.Cnn(), c.Rnn()]
NORMALIZATIONS = [
    c.NoNormalization(), c.BatchNormalization(), c.LayerNormalization(), c.GroupNormalization(),
    c.InstanceNormalization(), c.NoisyBatchNormalization(), c.Whitening(),
]  # fmt: skip
REFUSED = {
    ("mlp", "instance"), ("rnn", "instance"), ("rnn", "noisy_batch"), ("rnn", "whitening"),
}  # fmt: skip


def with_normalization(network: c.Network, normalization: c.Normalization, **changes) -> c.RunConfig:
    return c.RunConfig(network=network, variants=(c.Variant(name="one", normalization=normalization),), **changes)


def refusal(**changes) -> str:
    with pytest.raises(ValidationError) as caught:
        c.RunConfig.model_validate(changes)
    assert len(caught.value.errors()) == 1
    return caught.value.errors()[0]["msg"]


def test_an_empty_object_is_the_default_run():
    assert c.RunConfig.model_validate_json("{}") == c.RunConfig()
    assert c.RunConfig.model_validate({"network": {"depth": 3}}).network == c.Mlp(depth=3)
    assert c.RunConfig().total_steps == 2000
    assert c.RunConfig(duration=c.Epochs(epochs=3)).total_steps == 3 * (1437 // 64)


@pytest.mark.parametrize(("network", "normalization"), list(product(NETWORKS, NORMALIZATIONS)), ids=lambda x: x.kind)
def test_networks_and_normalizations_combine_but_where_it_makes_no_sense(network, normalization):
    if (network.kind, normalization.kind) not in REFUSED:
        with_normalization(network, normalization)
        return
    with pytest.raises(ValidationError, match=r"instance normalization needs a cnn|an rnn takes none, batch, layer"):
        with_normalization(network, normalization)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch_size": 10, "replicas": 4}, "a batch of 10 cannot be shared evenly by 4 replicas"),
        ({"batch_size": 4, "replicas": 4}, "at least twice the replicas: batch normalization (with BN) has no"),
        ({"batch_size": 1}, "batch_size must be at least 2: batch normalization (with BN) has no variance of one"),
        ({"batch_size": 2000}, "batch_size 2,000 is more than the 1,437 training samples"),
        ({"network": {"depth": 0}}, "greater than or equal to 1"),
        ({"network": {"kind": "mlp", "width": 100_000}}, "less than or equal to 4096"),
        ({"network": {"kind": "mlp", "width": 4096, "depth": 32}}, "parameters; at most 50,000,000 are accepted"),
        (
            {"network": {"kind": "cnn", "channels": 512}, "dataset": {"kind": "mnist"}, "batch_size": 4096},
            "at most 250,000,000 are accepted: choose a smaller batch_size or network",
        ),
        ({"variants": [{"name": "a"}, {"name": "a"}]}, "each variant needs a name of its own; got a, a"),
        ({"variants": [{"name": "a", "normalization": {"kind": "group", "groups": 7}}]}, "a: 7 groups cannot share 64"),
        ({"variants": [{"name": "a", "normalization": {"kind": "whitening", "group_size": 48}}]}, "a: groups of 48"),
        ({"optimizer": {"kind": "sgd", "learning_rate": float("nan")}}, "finite number"),
        ({"dataset": {"kind": "digits", "test_corruption": {"kind": "unseen_classes", "classes": 9}}}, "equal to 8"),
        (
            {"network": {"kind": "mlp", "width": 3900, "depth": 4}, "dataset": {"kind": "cifar10"}},
            "the network has 57,665,410 parameters; at most 50,000,000 are accepted",
        ),
        ({"unknown": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_learners_mistakes_are_met_in_words(changes, words):
    assert words in refusal(**changes)


@pytest.mark.parametrize(
    ("config", "near", "known"),
    [
        ({"batchsize": 1}, "batch_size", "pace"),
        ({"optimizer": {"kind": "sgd", "lerning_rate": 1}}, "learning_rate", "kind"),
        ({"variants": [{"name": "a", "normalization": {"kind": "group", "group": 7}}]}, "groups", "kind"),
    ],
)
def test_of_an_unknown_key_the_nearest_is_named_and_which_there_are(config, near, known):
    with pytest.raises(ValidationError) as refused:
        c.RunConfig.model_validate(config)
    (item,) = (one for one in refused.value.errors() if one["type"] == "extra_forbidden")
    said = meant_instead(item["loc"])
    assert said.startswith(f"did you mean {near}? Permitted are ")
    assert known in said.split("Permitted are ")[1].split(", ")


def test_training_sizes_follow_the_classes_that_are_left_out():
    assert c.Digits().training_size == 1437
    assert c.Mnist().training_size == c.FashionMnist().training_size == 60_000
    assert c.Cifar10(test_corruption=c.UnseenClasses(classes=3)).training_size == 35_000
    assert c.Mnist(test_corruption=c.UnseenClasses(classes=2)).training_size == 60_000 - 5851 - 5949


def test_every_option_has_bounds_or_choices_and_a_form_can_be_drawn_from_the_schema():  # noqa: C901
    schema = c.RunConfig.model_json_schema()

    def walk(node, path):
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        if "oneOf" in node:
            assert node["discriminator"]["propertyName"] == "kind", path
            for branch in node["oneOf"]:
                walk(branch, path)
        elif "anyOf" in node:  # a value or nothing
            kinds = [branch for branch in node["anyOf"] if branch.get("type") != "null"]
            assert len(kinds) == 1, path
            walk(kinds[0], path)
        elif node.get("type") == "object":
            assert node["additionalProperties"] is False, path
            for name, child in node["properties"].items():
                walk(child, f"{path}.{name}")
        elif node.get("type") == "array":
            assert {"minItems", "maxItems", "items"} <= set(node), path
            walk(node["items"], path)
        elif node.get("type") in {"number", "integer"}:
            assert {"minimum", "exclusiveMinimum"} & set(node), path
            assert {"maximum", "exclusiveMaximum"} & set(node), path
        elif node.get("type") == "string" and "const" not in node and "enum" not in node:
            assert {"pattern", "maxLength"} <= set(node), path
        else:
            assert "const" in node or "enum" in node or node["type"] == "boolean", path

    walk(schema, "run")


def test_configs_agree_with_their_own_schema():
    validator = jsonschema_rs.validator_for(c.RunConfig.model_json_schema())
    for config in [c.RunConfig(), *(experiment.config for experiment in catalogue())]:
        plain = json.loads(config.model_dump_json())
        validator.validate(plain)
        assert c.RunConfig.model_validate(plain) == config


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
def test_other_networks_bring_their_counts(network):
    adapter = TypeAdapter(c.Network)
    assert adapter.validate_python({"kind": network.kind}) == network
    assert network.parameters((3, 28, 28)) > network.parameters((1, 28, 28)) > 0
    assert network.activations((1, 28, 28)) == network.activations((3, 28, 28)) > 0


def test_the_config_needs_neither_torch_nor_numpy():
    folder = Path(c.__file__).parent
    known = {*sys.stdlib_module_names, "typing_extensions", "pydantic", "pydantic_core", "shiftscope"}
    for module in folder.rglob("*.py"):
        for line in module.read_text(encoding="utf-8").splitlines():
            if line.startswith(("import ", "from ")):
                assert line.split()[1].split(".")[0] in known, line
