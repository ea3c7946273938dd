"""Models of timm, trained from random weights: watched and not, the same bit for bit."""

from __future__ import annotations

import pytest

from tests.real.checks import check_default, check_everything
from tests.real.loops import classifier

timm = pytest.importorskip("timm")

pytestmark = pytest.mark.extras

MODELS = {
    "resnet18": {},
    "vit_tiny_patch16_224": {"img_size": 32, "depth": 3},
    "convnext_atto": {"drop_path_rate": 0.3},
    "mobilenetv3_small_100": {"drop_rate": 0.2},
}
SITES = {
    "resnet18": {
        ("layer1.0.conv1", "pre_activation"): ("layer1.0.bn1", 1),
        ("layer1.0.conv2", "linear_output"): ("layer1.0.conv2", 1),
    },
    "vit_tiny_patch16_224": {("blocks.1.mlp.fc1", "pre_activation"): ("blocks.1.mlp.fc1", 1)},
}


def _blocks(stages, sizes, own):
    """Name what is in each block of each stage."""
    return [
        f"{stages.format(stage)}.{block}{one}"
        for stage, size in sizes.items()
        for block in range(size)
        for one in own(stage, block)
    ]


def _basic(stage, block):
    return [".conv1", ".conv2", *([".downsample"] if stage > 1 and block == 0 else []), " · sum"]


_CONVNEXT = [".conv_dw", ".mlp.fc1", ".mlp.fc2", " · sum"]
_SE = [".se.conv_reduce", ".se.conv_expand"]


def _inverted(stage, block):
    return [".conv_pw", ".conv_dw", *(_SE if stage > 1 else []), ".conv_pwl", *([" · sum"] if block else [])]


def _convnext(stage, size):
    before = [f"stages.{stage}.downsample.{number}" for number in range(2)] if stage else ["stem"]
    return before + _blocks("stages.{}.blocks", {stage: size}, lambda *_: _CONVNEXT)


_VIT = [".norm1", ".attn.qkv", ".attn.proj", " · sum", ".norm2", ".mlp.fc1", ".mlp.fc2", " · sum 2"]
LAYERS = {
    "resnet18": ["conv1", *_blocks("layer{}", {1: 2, 2: 2, 3: 2, 4: 2}, _basic), "fc"],
    "vit_tiny_patch16_224": ["patch_embed.proj", *_blocks("blocks", {0: 3}, lambda *_: _VIT), "norm", "head"],
    "convnext_atto": [
        *(one for stage, size in enumerate((2, 2, 6, 2)) for one in _convnext(stage, size)), "head.norm", "head.fc",
    ],
    "mobilenetv3_small_100": [
        "conv_stem", *(f"blocks.0.0{one}" for one in (".conv_dw", *_SE, ".conv_pw")),
        *_blocks("blocks.{}", {1: 2, 2: 3, 3: 2, 4: 3}, _inverted), "blocks.5.0.conv", "conv_head", "classifier",
    ],
}  # fmt: skip
"""What their authors would list."""


def training(name):
    return classifier(lambda: timm.create_model(name, num_classes=10, **MODELS[name]))


@pytest.mark.parametrize("name", MODELS)
def test_the_line_changes_nothing(name, tmp_path):
    check_default(training(name), tmp_path)


@pytest.mark.parametrize("name", MODELS)
def test_everything_at_every_step_changes_nothing_and_is_right(name, tmp_path):
    check_everything(training(name), tmp_path, SITES.get(name), LAYERS[name])
