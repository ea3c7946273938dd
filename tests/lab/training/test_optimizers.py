import math

import pytest
import torch
from torch import nn

from shiftscope import config as c
from shiftscope.lab.training import optimizers


def sgd(gradients):
    return sum(-0.1 * g for g in gradients)


def momentum(gradients):
    velocity = position = 0.0
    for g in gradients:
        velocity = 0.8 * velocity + g
        position -= 0.1 * velocity
    return position


def rmsprop(gradients):
    mean_square = position = 0.0
    for g in gradients:
        mean_square = 0.7 * mean_square + 0.3 * g * g
        position -= 0.1 * g / (math.sqrt(mean_square) + 1e-8)
    return position


def adam(gradients):
    first = second = position = 0.0
    for step, g in enumerate(gradients, start=1):
        first = 0.6 * first + 0.4 * g
        second = 0.7 * second + 0.3 * g * g
        corrected = math.sqrt(second / (1 - 0.7**step)) + 1e-8
        position -= 0.1 * first / (1 - 0.6**step) / corrected
    return position


@pytest.mark.parametrize(
    ("options", "definition"),
    [
        (c.Sgd(learning_rate=0.1), sgd),
        (c.Momentum(learning_rate=0.1, momentum=0.8), momentum),
        (c.RmsProp(learning_rate=0.1, alpha=0.7), rmsprop),
        (c.Adam(learning_rate=0.1, beta1=0.6, beta2=0.7), adam),
    ],
    ids=lambda part: getattr(part, "kind", ""),
)
def test_each_goes_the_way_of_its_definition(options, definition):
    parameter = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = optimizers.make(options, [parameter])
    gradients = [0.5, -2.0, 1.5, 0.25, 3.0]
    for gradient in gradients:
        parameter.grad = torch.tensor([gradient, -gradient], dtype=torch.float64)
        optimizer.step()
    assert parameter.tolist() == pytest.approx([definition(gradients), -definition(gradients)], rel=1e-12)
    parameter.grad = torch.full((2,), float("nan"), dtype=torch.float64)
    optimizer.step()
    assert parameter.isnan().all()
