"""A few images for trainings that are compared to the bit."""

from __future__ import annotations

import pytest
import torch

from shiftscope.lab.data.types import Data


@pytest.fixture(scope="package")
def images() -> Data:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(80, 64, generator=generator)
    labels = torch.randint(3, (len(inputs),), generator=generator)
    return Data(inputs[:-10], labels[:-10], inputs[-10:], labels[-10:], classes=3)
