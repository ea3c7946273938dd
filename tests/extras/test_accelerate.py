"""Accelerate in bfloat16, prepared before the line and after it: every pass is autocast as without it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.real.checks import check_default, check_everything

accelerate = pytest.importorskip("accelerate")

STEPS = 3
pytestmark = pytest.mark.extras


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.dropout = nn.Dropout(0.2)
        self.hidden, self.act = nn.Linear(6, 12), nn.GELU()
        self.head = nn.Linear(12, 4)

    def forward(self, images, scale=1.0):
        pooled = functional.relu(self.norm(self.conv(images))).mean((2, 3))
        return self.head(self.dropout(self.act(self.hidden(pooled)))) * scale


def dtypes(model, trail):
    """Keep the type of what the linear maps give out, at every pass."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(lambda *given, name=name: trail.keep(f"type of {name}", str(given[2].dtype)))


def training(order, accumulate=1):
    def train(look, trail):
        accelerator = accelerate.Accelerator(mixed_precision="bf16", cpu=True, gradient_accumulation_steps=accumulate)
        model = Classifier()
        dtypes(model, trail)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        given = [(torch.randn(3, 6, 6), torch.tensor(number % 4)) for number in range(24)]
        loader = torch.utils.data.DataLoader(given, batch_size=4, shuffle=True)
        if order == "watched, then prepared":
            look(model, optimizer=optimizer)
        model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
        if order == "prepared, then watched":
            look(model, optimizer=optimizer)
        for x, y in loader:
            with accelerator.accumulate(model):
                outputs = model(x, scale=2.0)
                loss = functional.cross_entropy(outputs, y)
                accelerator.backward(loss)
                trail.keep("pass", [outputs, loss])
                optimizer.step()
                if accelerator.sync_gradients:
                    trail.step(model, optimizer=optimizer)
                optimizer.zero_grad()
            model.eval()
            with torch.no_grad():
                trail.keep("evaluation", model(x))
            model.train()
        trail.state("end", accelerator.unwrap_model(model), optimizer)
        return model

    return train


ORDERS = ("watched, then prepared", "prepared, then watched")


@pytest.fixture(autouse=True)
def one_state_a_test():
    """Accelerate keeps one state a process, with the precision of the first who asked."""
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)  # noqa: SLF001
    yield
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)  # noqa: SLF001


@pytest.mark.parametrize("order", ORDERS)
def test_every_pass_is_autocast(order, tmp_path):
    check_default(training(order), tmp_path)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_everything_at_every_step_changes_nothing_and_is_right(order, accumulate, tmp_path):
    check_everything(training(order, accumulate), tmp_path)


@pytest.mark.parametrize("order", ORDERS)
def test_the_optimizer_need_not_be_named(order, tmp_path):
    check_default(training(order), tmp_path, optimizer=False)
