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


def training(name):
    return classifier(lambda: timm.create_model(name, num_classes=10, **MODELS[name]))


@pytest.mark.parametrize("name", MODELS)
def test_the_line_changes_nothing(name, tmp_path):
    check_default(training(name), tmp_path)


@pytest.mark.parametrize("name", MODELS)
def test_everything_at_every_step_changes_nothing_and_is_right(name, tmp_path):
    check_everything(training(name), tmp_path, SITES.get(name))
