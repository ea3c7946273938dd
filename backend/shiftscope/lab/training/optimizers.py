"""The optimizers that a config can name."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from shiftscope import config


def make(optimizer: config.Optimizer, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Return PyTorch's optimizer of the kind that the config names.

    Each in its fastest form: networks here are small and have many parameters, and a loop over them in Python takes
    up to four times as long as the step itself.
    """
    rate = optimizer.learning_rate
    match optimizer:
        case config.Sgd():
            return torch.optim.SGD(parameters, lr=rate, fused=True)
        case config.Momentum(momentum=momentum):
            return torch.optim.SGD(parameters, lr=rate, momentum=momentum, fused=True)
        case config.RmsProp(alpha=alpha):
            return torch.optim.RMSprop(parameters, lr=rate, alpha=alpha, foreach=True)
        case config.Adam(beta1=beta1, beta2=beta2):
            return torch.optim.Adam(parameters, lr=rate, betas=(beta1, beta2), fused=True)
