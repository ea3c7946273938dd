"""Keras on torch: a network of torch's inside a model that is trained by fit, with no optimizer of torch's."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

import shiftscope
from tests.real.checks import check_default, check_everything

keras = pytest.importorskip("keras")

from shiftscope.integrations.keras import WatchCallback  # noqa: E402  it needs Keras

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


def test_layers_of_keras_own_are_those_that_their_author_draws(tmp_path):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)), layers.Dense(5, name="first"), layers.BatchNormalization(), layers.ReLU(),
            layers.Dropout(0.1), layers.Dense(3, name="second"),
        ]
    )  # fmt: skip
    model.compile(keras.optimizers.SGD(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = np.random.randn(8, 4).astype("float32"), np.arange(8) % 3
    expected = x @ model.layers[0].kernel.numpy()
    path = tmp_path / "run.shiftscope"
    callback = WatchCallback(to=path, schedule=1, probes="full", on_error="raise")
    model.fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False, callbacks=[callback])
    with shiftscope.open_recording(path) as recording:
        (network,) = recording.header.networks
        assert [(layer.name, layer.label) for layer in network.layers] == [
            ("first", "Dense 4→5"),
            ("second", "Dense 5→3"),
        ]
        assert (network.layers[0].normalization, network.layers[0].activation) == ("batch", "relu")
        found = recording.values("layers", "mean", network=network.name, layer="first", site="linear_output")
        assert found[0] == pytest.approx(expected.mean(), rel=1e-4, abs=1e-6)
        assert len(found) == 2
        sites = {entry.site for entry in recording.layouts["layers"].entries if entry.quantity == "gradient_norm"}
        assert sites == {"", "kernel", "bias", "gamma", "beta"}
