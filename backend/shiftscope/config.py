"""RunConfig: everything that determines a run, and the contract of the API, the command line and the page's form.

Pydantic only: neither torch nor the server is imported here. Every model is frozen and refuses unknown fields; every
number has stated bounds, which reach the page through the JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MAX_PARAMETERS = 50_000_000
"""Largest network accepted, in parameters: four variants with Adam's moments and gradients stay under 4 GiB."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Digits(_Part):
    """Handwritten digits, 8 x 8 pixels, bundled with scikit-learn: 1,437 for training and 360 for testing."""

    kind: Literal["digits"] = "digits"

    @property
    def features(self) -> int:
        """Number of values of one input."""
        return 64

    @property
    def training_size(self) -> int:
        """Number of training samples."""
        return 1437


class Mnist(_Part):
    """MNIST, 28 x 28 pixels: 60,000 for training and 10,000 for testing, from its original IDX files."""

    kind: Literal["mnist"] = "mnist"

    @property
    def features(self) -> int:
        """Number of values of one input."""
        return 784

    @property
    def training_size(self) -> int:
        """Number of training samples."""
        return 60_000


Dataset = Annotated[Digits | Mnist, Field(discriminator="kind")]


class NoNormalization(_Part):
    """No normalization: the plain network."""

    kind: Literal["none"] = "none"


class BatchNormalization(_Part):
    """Batch normalization (Ioffe & Szegedy 2015) after every hidden linear map."""

    kind: Literal["batch"] = "batch"
    place: Literal["before", "after"] = Field("before", description="before or after the activation function")
    eps: float = Field(1e-5, gt=0, le=1, description="added to the variance before the square root")
    momentum: float = Field(0.1, ge=0, le=1, description="weight of the new batch in the running statistics")
    affine: bool = Field(True, description="learn a scale (gamma) and a shift (beta) per channel")


Normalization = Annotated[NoNormalization | BatchNormalization, Field(discriminator="kind")]


class Variant(_Part):
    """One of the networks of a run. Variants differ in their normalization alone."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[\w .+\-]+$", description="shown in every chart")
    normalization: Normalization = NoNormalization()


class Mlp(_Part):
    """Multilayer perceptron: `depth` hidden layers of `width` units, then a linear output layer."""

    kind: Literal["mlp"] = "mlp"
    depth: int = Field(5, ge=1, le=32, description="number of hidden layers")
    width: int = Field(64, ge=1, le=4096, description="units per hidden layer")
    activation: Literal["relu", "sigmoid", "tanh"] = "relu"
    init: Literal["default", "xavier_normal", "xavier_uniform", "he_normal", "he_uniform"] = Field(
        "default", description="default is PyTorch's own: uniform within 1/sqrt(fan-in)"
    )

    def parameters(self, inputs: int, outputs: int = 10) -> int:
        """Count the weights and biases for `inputs` features and `outputs` classes, normalization left out."""
        hidden = (inputs + 1) * self.width + (self.depth - 1) * (self.width + 1) * self.width
        return hidden + (self.width + 1) * outputs


class Sgd(_Part):
    """Plain stochastic gradient descent."""

    kind: Literal["sgd"] = "sgd"
    learning_rate: float = Field(0.1, gt=0, le=1e6)


class Momentum(_Part):
    """SGD with heavy-ball momentum."""

    kind: Literal["momentum"] = "momentum"
    learning_rate: float = Field(0.05, gt=0, le=1e6)
    momentum: float = Field(0.9, ge=0, lt=1)


class RmsProp(_Part):
    """RMSprop."""

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = Field(0.001, gt=0, le=1e6)
    alpha: float = Field(0.99, ge=0, lt=1, description="decay of the mean square")


class Adam(_Part):
    """Adam."""

    kind: Literal["adam"] = "adam"
    learning_rate: float = Field(0.001, gt=0, le=1e6)
    beta1: float = Field(0.9, ge=0, lt=1)
    beta2: float = Field(0.999, ge=0, lt=1)


Optimizer = Annotated[Sgd | Momentum | RmsProp | Adam, Field(discriminator="kind")]


class Steps(_Part):
    """Train for a number of optimizer steps."""

    kind: Literal["steps"] = "steps"
    steps: int = Field(2000, ge=1, le=10_000_000)


class Epochs(_Part):
    """Train for a number of passes over the training set."""

    kind: Literal["epochs"] = "epochs"
    epochs: int = Field(10, ge=1, le=10_000)


Duration = Annotated[Steps | Epochs, Field(discriminator="kind")]


class Thinning(_Part):
    """Record every step at first, then ever fewer, so that about `frames` frames are kept; always the first and last."""

    kind: Literal["thinning"] = "thinning"
    frames: int = Field(2000, ge=2, le=100_000, description="about how many frames the whole run keeps")


class Every(_Part):
    """Record each n-th step; always the first and last."""

    kind: Literal["every"] = "every"
    every: int = Field(1, ge=1, le=1_000_000, description="steps from one frame to the next")


Recording = Annotated[Thinning | Every, Field(discriminator="kind")]


def _default_variants() -> tuple[Variant, ...]:
    return (
        Variant(name="without BN", normalization=NoNormalization()),
        Variant(name="with BN", normalization=BatchNormalization()),
    )


class RunConfig(_Part):
    """Everything that determines a run; two runs of one config and one machine end with the same weights."""

    dataset: Dataset = Digits()
    variants: tuple[Variant, ...] = Field(
        default_factory=_default_variants,
        min_length=1,
        max_length=4,
        description="the networks: same start weights, same batches in the same order, their normalization apart",
    )
    network: Mlp = Mlp()
    optimizer: Optimizer = Sgd()
    batch_size: int = Field(64, ge=1, le=4096, description="samples per step; the last incomplete batch is dropped")
    duration: Duration = Steps()
    seed: int = Field(0, ge=0, le=2**31 - 1)
    pace: float | None = Field(None, ge=0.1, le=10_000, description="steps per second; empty: as fast as it goes")
    recording: Recording = Thinning()
    on_divergence: Literal["continue", "stop"] = Field(
        "continue", description="what to do when a network's loss or gradient is no longer finite"
    )

    @field_validator("variants")
    @classmethod
    def _names_differ(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        names = [variant.name for variant in variants]
        if len(set(names)) < len(names):
            raise ValueError(f"each variant needs a name of its own; got {', '.join(names)}")
        return variants

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.batch_size > self.dataset.training_size:
            raise ValueError(
                f"batch_size {self.batch_size} is more than the {self.dataset.training_size} training samples"
            )
        batch_norm = [v.name for v in self.variants if v.normalization.kind == "batch"]
        if batch_norm and self.batch_size < 2:
            raise ValueError(f"batch_size must be at least 2: batch normalization ({batch_norm[0]}) has no variance of one")
        parameters = self.network.parameters(self.dataset.features)
        if parameters > MAX_PARAMETERS:
            raise ValueError(
                f"depth {self.network.depth} x width {self.network.width} makes {parameters:,} parameters; "
                f"at most {MAX_PARAMETERS:,} are accepted"
            )
        return self

    @property
    def steps_per_epoch(self) -> int:
        """Number of whole batches in one pass over the training set."""
        return self.dataset.training_size // self.batch_size

    @property
    def total_steps(self) -> int:
        """Number of optimizer steps of the whole run."""
        if isinstance(self.duration, Epochs):
            return self.duration.epochs * self.steps_per_epoch
        return self.duration.steps
