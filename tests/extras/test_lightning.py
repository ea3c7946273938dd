"""Lightning modules by its Trainer, which runs forward and backward inside the optimizer's closure."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.real.checks import check_default, check_everything

lightning = pytest.importorskip("lightning")

pytestmark = pytest.mark.extras


def network():
    return nn.Sequential(
        nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 3)
    )  # fmt: skip


class Automatic(lightning.LightningModule):
    """The Trainer zeroes, runs backward, clips and steps."""

    def __init__(self, look, trail, place):
        super().__init__()
        self.network = network()
        self.look, self.trail, self.place = look, trail, place

    def forward(self, x):
        return self.network(x)

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.01)
        if self.place == "configure_optimizers":
            self.look(self.network, optimizer=optimizer)
        return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 1)}

    def on_fit_start(self):
        if self.place == "on_fit_start":
            self.look(self.network, optimizer=self.optimizers())

    def training_step(self, batch, index):
        x, y = batch
        outputs = self(x)
        loss = functional.cross_entropy(outputs, y)
        self.trail.keep("pass", [outputs, loss])
        return loss

    def validation_step(self, batch, index):
        self.trail.keep("validation", self(batch[0]))

    def on_train_batch_end(self, outputs, batch, index):
        if self.trainer.global_step > self.trail.steps:
            self.trail.step(self.network, optimizer=self.optimizers())


class Manual(Automatic):
    """Every second batch an update, of both batches' gradients."""

    def __init__(self, *given):
        super().__init__(*given)
        self.automatic_optimization = False

    def training_step(self, batch, index):
        optimizer = self.optimizers()
        loss = super().training_step(batch, index) / 2
        self.manual_backward(loss)
        if index % 2:
            self.clip_gradients(optimizer, gradient_clip_val=0.5, gradient_clip_algorithm="norm")
            optimizer.step()
            self.trail.step(self.network, optimizer=optimizer)
            optimizer.zero_grad()

    def on_train_batch_end(self, outputs, batch, index):
        """The training step kept it."""


def training(kind, place, folder, **options):
    def train(look, trail):
        module = kind(look, trail, place)
        if place == "before":
            look(module.network, optimizer=None)
        if place == "module":
            look(module, optimizer=None)
        given = [(torch.randn(6), torch.tensor(number % 3)) for number in range(32)]
        trainer = lightning.Trainer(
            accelerator="cpu", devices=1, max_epochs=2, logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder, **options,
        )  # fmt: skip
        loader = torch.utils.data.DataLoader(given[:24], batch_size=4, shuffle=True)
        trainer.fit(module, loader, torch.utils.data.DataLoader(given[24:], batch_size=8))
        trail.state("end", module.network)
        return module if place == "module" else module.network

    return train


KINDS = {
    "automatic": (Automatic, {}),
    "accumulated": (Automatic, {"accumulate_grad_batches": 2}),
    "clipped": (Automatic, {"gradient_clip_val": 0.1}),
    "bfloat16": (Automatic, {"precision": "bf16-mixed"}),
    "manual": (Manual, {}),
}


@pytest.mark.parametrize("place", ["configure_optimizers", "on_fit_start", "before", "module"])
@pytest.mark.parametrize("kind", ["automatic", "manual"])
def test_the_line_changes_nothing(kind, place, tmp_path):
    cls, options = KINDS[kind]
    check_default(
        training(cls, place, tmp_path, **options), tmp_path, optimizer=place in {"configure_optimizers", "on_fit_start"}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_everything_at_every_step_changes_nothing_and_is_right(kind, tmp_path):
    cls, options = KINDS[kind]
    check_everything(training(cls, "configure_optimizers", tmp_path, **options), tmp_path)
