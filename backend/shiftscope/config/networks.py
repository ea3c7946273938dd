"""What the networks of a run are built of, normalization apart."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shiftscope.config._part import Part

Image = tuple[int, int, int]
"""Channels, rows and columns of what a network sees."""
Activation = Literal["relu", "sigmoid", "tanh"]
Init = Annotated[
    Literal["default", "xavier_normal", "xavier_uniform", "he_normal", "he_uniform", "normal", "zeros"],
    Field(description="default is PyTorch's own: uniform within 1/sqrt(fan-in); normal takes init_std"),
]
InitStd = Annotated[float, Field(ge=0, le=100, description="standard deviation of the weights where init is normal")]


class Mlp(Part):
    """Multilayer perceptron: `depth` hidden layers of `width` units, then a linear output layer."""

    kind: Literal["mlp"] = "mlp"
    depth: int = Field(5, ge=1, le=32, description="number of hidden layers")
    width: int = Field(64, ge=1, le=4096, description="units per hidden layer")
    activation: Activation = "relu"
    init: Init = "default"
    init_std: InitStd = 0.01

    @property
    def channels(self) -> int:
        """What a normalization layer sees as channels."""
        return self.width

    def parameters(self, image: Image, outputs: int = 10) -> int:
        """Count the weights and biases for an `image`, normalization left out."""
        channels, rows, columns = image
        inputs = channels * rows * columns
        hidden = (inputs + 1) * self.width + (self.depth - 1) * (self.width + 1) * self.width
        return hidden + (self.width + 1) * outputs

    def activations(self, image: Image) -> int:  # noqa: ARG002 - the other networks need it
        """Count the values that one sample makes between its input and the output layer."""
        return self.depth * self.width


class Cnn(Part):
    """Convolutional network: `depth` layers of 3 x 3 convolutions, the mean over space, a linear output layer.

    After each `pool_every` convolutions the map is halved by max pooling, as long as it has 2 x 2 pixels.
    """

    kind: Literal["cnn"] = "cnn"
    depth: int = Field(4, ge=1, le=16, description="number of convolutions")
    channels: int = Field(16, ge=1, le=512, description="channels of each convolution")
    pool_every: int = Field(2, ge=1, le=16, description="convolutions from one max pooling to the next")
    activation: Activation = "relu"
    init: Init = "default"
    init_std: InitStd = 0.01

    def parameters(self, image: Image, outputs: int = 10) -> int:
        """Count the weights and biases for an `image`, normalization left out."""
        convolutions = (9 * image[0] + 1) * self.channels + (self.depth - 1) * (9 * self.channels + 1) * self.channels
        return convolutions + (self.channels + 1) * outputs

    def activations(self, image: Image) -> int:
        """Count the values that one sample makes between its input and the output layer."""
        return sum(rows * columns * self.channels for rows, columns in self.maps(image))

    def maps(self, image: Image) -> tuple[tuple[int, int], ...]:
        """Return rows and columns of what each convolution makes of `image`, before pooling."""
        sizes = []
        _, rows, columns = image
        for number in range(1, self.depth + 1):
            sizes.append((rows, columns))
            if self.pools(number, (rows, columns)):
                rows, columns = rows // 2, columns // 2
        return tuple(sizes)

    def pools(self, number: int, size: tuple[int, int]) -> bool:
        """Tell whether max pooling follows the convolution `number` (from 1), whose map has `size`."""
        return number % self.pool_every == 0 and number < self.depth and min(size) >= 2


class Rnn(Part):
    """Recurrent network that reads an image row by row, from the top, then a linear output layer."""

    kind: Literal["rnn"] = "rnn"
    width: int = Field(64, ge=1, le=1024, description="units of the hidden state")
    activation: Activation = "tanh"
    init: Init = "default"
    init_std: InitStd = 0.01

    @property
    def channels(self) -> int:
        """What a normalization layer sees as channels."""
        return self.width

    def parameters(self, image: Image, outputs: int = 10) -> int:
        """Count the weights and biases for an `image`, normalization left out."""
        return (image[0] * image[2] + 1 + self.width) * self.width + (self.width + 1) * outputs

    def activations(self, image: Image) -> int:
        """Count the values that one sample makes between its input and the output layer."""
        return image[1] * self.width


Network = Annotated[Mlp | Cnn | Rnn, Field(discriminator="kind")]
