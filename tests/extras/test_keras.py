"""Keras on torch: a network of torch's inside a model that is trained by fit, with no optimizer of torch's."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from tests.real.checks import check_default, check_everything

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.extras


class Keeping(keras.callbacks.Callback):
    """Keeps what each batch of a fit leaves behind."""

    def __init__(self, trail, network):
        super().__init__()
        self.trail, self.network = trail, network

    def on_train_batch_end(self, batch, logs=None):
        self.trail.step(self.network, logs)


def fit(look, trail):
    keras.backend.clear_session()  # names are numbered anew
    keras.utils.set_random_seed(0)
    network = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 8))
    model = keras.Sequential(
        [
            keras.layers.TorchModuleWrapper(network),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(3, activation="relu"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = np.random.randn(24, 6).astype("float32"), np.arange(24) % 3
    model(x[:4])
    look(network)
    history = model.fit(
        x, y, batch_size=8, epochs=2, verbose=0, callbacks=[Keeping(trail, network)], validation_split=1 / 3
    )
    trail.keep("history", history.history)
    trail.keep("prediction", model.predict(x, verbose=0))
    trail.keep("weights", model.get_weights())
    return network


def test_the_line_changes_nothing(tmp_path):
    check_default(fit, tmp_path)


def test_everything_at_every_step_changes_nothing_and_is_right(tmp_path):
    check_everything(fit, tmp_path)
