"""The experiments that a user starts with one click."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shiftscope.config import (
    Adam,
    BatchNormalization,
    Digits,
    Mlp,
    Mnist,
    NoNormalization,
    RunConfig,
    Sgd,
    Steps,
    Variant,
)


class Experiment(BaseModel):
    """A run worth watching, and what it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="its name in a link")
    title: str = Field(min_length=1, max_length=80)
    question: str = Field(min_length=1, max_length=400)
    watch: str = Field(min_length=1, max_length=400, description="what to look at while it runs")
    config: RunConfig


def catalogue() -> tuple[Experiment, ...]:
    """Return all experiments, in the order in which they are shown."""
    return (
        _digits_twins(),
        _mnist_table(),
        _figure_one(),
        _deep_sigmoid(),
        _place(),
        _too_fast(),
    )


def _digits_twins() -> Experiment:
    return Experiment(
        id="digits-twins",
        title="Twins on handwritten digits",
        question="Two networks start from the same weights and see the same batches. What does batch normalization "
        "alone change?",
        watch="The input to the nonlinearity, layer by layer, over its outline at step 0; then the accuracy.",
        config=RunConfig(),
    )


def _mnist_table() -> Experiment:
    return Experiment(
        id="mnist-adam",
        title="MNIST with a fast Adam",
        question="A 784-32-32-10 ReLU network, Adam at a learning rate of 0.01, batches of 32: how much better is the "
        "first epoch with batch normalization?",
        watch="Loss and accuracy at the end of the epoch, on the training and on the test set.",
        config=RunConfig(
            dataset=Mnist(),
            network=Mlp(depth=2, width=32),
            optimizer=Adam(learning_rate=0.01),
            batch_size=32,
            duration=Steps(steps=1875),
        ),
    )


def _figure_one() -> Experiment:
    return Experiment(
        id="ioffe-szegedy-figure-1",
        title="Ioffe & Szegedy's figure 1",
        question="Three hidden layers of 100 sigmoid units on MNIST, batches of 60: how far does the input to a "
        "sigmoid of the last hidden layer wander while the network learns?",
        watch="The percentiles of the last hidden layer's input to its sigmoid over the steps, in both networks.",
        config=RunConfig(
            dataset=Mnist(),
            network=Mlp(depth=3, width=100, activation="sigmoid"),
            optimizer=Sgd(learning_rate=0.1),
            batch_size=60,
            duration=Steps(steps=5000),
        ),
    )


def _deep_sigmoid() -> Experiment:
    return Experiment(
        id="deep-sigmoid",
        title="Eight layers of sigmoids",
        question="Gradients shrink on their way through sigmoids. Does batch normalization make so deep a network "
        "trainable?",
        watch="The norm of the gradient in the first layers, and the accuracy of the plain network.",
        config=RunConfig(
            dataset=Digits(),
            network=Mlp(depth=8, width=64, activation="sigmoid", init="xavier_normal"),
            optimizer=Sgd(learning_rate=0.5),
        ),
    )


def _place() -> Experiment:
    return Experiment(
        id="before-or-after",
        title="Before or after the activation",
        question="Does it matter whether batch normalization stands before or after the activation function?",
        watch="The input to the nonlinearity of a hidden layer in the three networks, and their accuracy.",
        config=RunConfig(
            variants=(
                Variant(name="without BN", normalization=NoNormalization()),
                Variant(name="BN before", normalization=BatchNormalization(place="before")),
                Variant(name="BN after", normalization=BatchNormalization(place="after")),
            ),
            network=Mlp(activation="tanh"),
        ),
    )


def _too_fast() -> Experiment:
    return Experiment(
        id="learning-rate-too-large",
        title="A learning rate far too large",
        question="At a learning rate of 1000, which of the twins diverges, and how?",
        watch="The step at which values cease to be finite, and the layer where it begins.",
        config=RunConfig(optimizer=Sgd(learning_rate=1000), duration=Steps(steps=200)),
    )
