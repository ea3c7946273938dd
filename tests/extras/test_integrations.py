"""Each trainer's callback: one line, and the run is watched, with its loss, its steps and its end."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch
from torch import nn

from shiftscope.engine.schedules import every
from shiftscope.testing.collecting import Collecting

pytestmark = pytest.mark.extras


def logged(sink):
    return {event.message for event in sink.events if event.kind == "scalar"}


def test_lightning(tmp_path):
    lightning = pytest.importorskip("lightning")
    callbacks = import_module("shiftscope.integrations.lightning")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
            self.losses = []

        def training_step(self, batch, _):
            loss = nn.functional.cross_entropy(self.network(batch[0]), batch[1])
            self.losses.append(loss.item())
            if len(self.losses) == 11:
                raise ValueError("no more")
            return loss

        def validation_step(self, batch, _):
            self.log("val_loss", nn.functional.cross_entropy(self.network(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.125)

    sink, module = Collecting(), Module()
    callback = callbacks.WatchCallback(to=sink, schedule=every(1))
    trainer = lightning.Trainer(
        accelerator="cpu", devices=1, max_epochs=3, logger=False, enable_checkpointing=False, callbacks=[callback],
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    loader = torch.utils.data.DataLoader([(torch.randn(6), number % 3) for number in range(20)], batch_size=4)
    with pytest.raises(ValueError, match="no more"):
        trainer.fit(module, loader, loader)
    assert sink.header.total_steps == 15
    assert [frame.step for frame in sink.of("layers")] == list(range(10))
    np.testing.assert_allclose(sink.values("loss", network="Module"), module.losses[:10], rtol=1e-6)
    assert "val_loss" in logged(sink)
    assert set(sink.values("group_learning_rate").ravel()) == {0.125}
    assert sink.ended == ("failed", "ValueError: no more")


def test_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    callbacks, models = (
        import_module(one) for one in ("shiftscope.integrations.transformers", "tests.extras.test_transformers")
    )

    sink, model = Collecting(), models.gpt2()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path), max_steps=4, per_device_train_batch_size=2, logging_steps=1, report_to=[],
        save_strategy="no", use_cpu=True, disable_tqdm=True, learning_rate=0.01,
    )  # fmt: skip
    trainer = transformers.Trainer(
        model,
        arguments,
        train_dataset=models.samples("gpt2", 16),
        callbacks=[callbacks.WatchCallback(to=sink, schedule=every(1))],
    )
    trainer.train()
    assert [frame.step for frame in sink.of("layers")] == [0, 1, 2, 3]
    history = [one["loss"] for one in trainer.state.log_history if "loss" in one]
    np.testing.assert_allclose(sink.values("loss", network="GPT2LMHeadModel"), history, rtol=1e-5)
    assert {"grad_norm", "learning_rate", "epoch"} <= logged(sink)
    assert sink.ended == ("finished", "")


def test_keras():
    keras = pytest.importorskip("keras")
    callbacks = import_module("shiftscope.integrations.keras")

    keras.utils.set_random_seed(0)
    network = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU())
    model = keras.Sequential([keras.layers.TorchModuleWrapper(network, name="trunk"), keras.layers.Dense(3)])
    model.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    x, y = np.random.randn(24, 6).astype("float32"), np.arange(24) % 3
    model(x[:4])
    sink = Collecting()
    callback = callbacks.WatchCallback(to=sink, schedule=every(1))
    model.fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[callback], validation_data=(x, y))
    assert [frame.step for frame in sink.of("steps")] == list(range(6))
    assert [one.name for one in sink.header.networks] == ["trunk"]
    assert len(sink.of("logged_loss")) == 6
    assert {"val_loss", "val_accuracy"} <= logged(sink)
    assert sink.ended == ("finished", "")
