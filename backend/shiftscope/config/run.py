"""One run: its variants, its data, its length, and whether all of it fits together."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from shiftscope.config._part import Part, refusal
from shiftscope.config.datasets import Dataset, Digits
from shiftscope.config.defaults import FRAMES
from shiftscope.config.networks import Mlp, Network
from shiftscope.config.normalizations import (
    BATCH_KINDS,
    BatchNormalization,
    NoNormalization,
    Normalization,
    refuse_unsound,
)
from shiftscope.config.optimization import Clipping, NoClipping, Optimizer, Sgd
from shiftscope.config.resources import Resources

MAX_PARAMETERS = 50_000_000
"""Largest network accepted, in parameters: four variants with Adam's moments and gradients stay under 4 GiB."""

MAX_ACTIVATIONS = 250_000_000
"""Most values accepted that a batch makes in all networks together: kept for the backward pass they take some 4 GiB."""


MAX_REPLICAS = 8
"""Most processes that train the networks of one run together."""


class Variant(Part):
    """One of the networks of a run. Variants differ in their normalization and dropout alone."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[\w .+\-]+$", description="shown in every chart")
    normalization: Normalization = NoNormalization()
    dropout: float = Field(0.0, ge=0, lt=1, description="probability that a hidden value is set to 0 in training")


class Steps(Part):
    """Train for a number of optimizer steps."""

    kind: Literal["steps"] = "steps"
    steps: int = Field(2000, ge=1, le=10_000_000)


class Epochs(Part):
    """Train for a number of passes over the training set."""

    kind: Literal["epochs"] = "epochs"
    epochs: int = Field(10, ge=1, le=10_000)


Duration = Annotated[Steps | Epochs, Field(discriminator="kind")]


Studies = Annotated[
    int,
    Field(
        ge=2,
        le=100_000,
        description="drift, shift and landscape are measured as often as if the run kept so many frames",
    ),
]


class Thinning(Part):
    """Record every step at first, then ever fewer: about `frames` of them, the first and the last always."""

    kind: Literal["thinning"] = "thinning"
    frames: int = Field(FRAMES, ge=2, le=100_000, description="about how many frames the whole run keeps")
    studies: Studies = FRAMES


class Every(Part):
    """Record each n-th step; always the first and last."""

    kind: Literal["every"] = "every"
    every: int = Field(1, ge=1, le=1_000_000, description="steps from one frame to the next")
    studies: Studies = FRAMES


RecordingSchedule = Annotated[Thinning | Every, Field(discriminator="kind")]


_TWINS = (
    Variant(name="without BN", normalization=NoNormalization()),
    Variant(name="with BN", normalization=BatchNormalization()),
)


class RunConfig(Part):
    """Everything that determines a run; two runs of one config and one machine end with the same weights."""

    dataset: Dataset = Digits()
    variants: tuple[Variant, ...] = Field(
        _TWINS,
        min_length=1,
        max_length=4,
        description="the networks: same start weights, same batches in the same order, normalization and dropout apart",
    )
    network: Network = Mlp()
    optimizer: Optimizer = Sgd()
    clipping: Clipping = NoClipping()
    batch_size: int = Field(64, ge=1, le=4096, description="samples per step; the last incomplete batch is dropped")
    replicas: int = Field(
        1,
        ge=1,
        le=MAX_REPLICAS,
        description="processes that share each batch evenly (DistributedDataParallel): each normalizes its own share, "
        "gradients are averaged",
    )
    duration: Duration = Steps()
    seed: int = Field(0, ge=0, le=2**31 - 1)
    pace: float | None = Field(None, ge=0.1, le=10_000, description="steps per second; empty: as fast as it goes")
    recording: RecordingSchedule = Thinning()
    probes: Literal["essential", "standard", "full"] = Field(
        "standard", description="how much is measured: distributions and gradients; also drift and shift; everything"
    )
    on_divergence: Literal["continue", "stop"] = Field(
        "continue", description="what to do when a network's loss or gradient is no longer finite"
    )
    resources: Resources = Resources()
    checkpoint_every: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="steps from one checkpoint to the next; the run goes on from the last one should its worker die. "
        "Empty: it keeps none and fails then",
    )

    @field_validator("network", mode="before")
    @classmethod
    def _is_an_mlp_unless_told(cls, network: object) -> object:
        return {"kind": "mlp", **network} if isinstance(network, dict) else network

    @field_validator("variants")
    @classmethod
    def _names_differ(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        names = [variant.name for variant in variants]
        if len(set(names)) < len(names):
            raise refusal("config.names", names=tuple(names))
        return variants

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.batch_size > self.dataset.training_size:
            raise refusal("config.batch_size", size=self.batch_size, samples=self.dataset.training_size)
        if self.batch_size % self.replicas:
            raise refusal("config.replicas", size=self.batch_size, replicas=self.replicas)
        share = self.batch_size // self.replicas
        for variant in self.variants:
            normalization = variant.normalization
            if normalization.kind in BATCH_KINDS and share < 2:
                code = "config.no_variance" if self.replicas == 1 else "config.no_variance_of_share"
                raise refusal(code, normalization=normalization.kind, variant=variant.name)
            refuse_unsound(variant.name, normalization, self.network.channels, self.network.kind)
        self._fits_memory()
        return self

    def _fits_memory(self) -> None:
        parameters = self.network.parameters(self.dataset.image, len(self.dataset.class_counts))
        if parameters > MAX_PARAMETERS:
            raise refusal("config.parameters", count=parameters, most=MAX_PARAMETERS)
        values = self.network.activations(self.dataset.image) * self.batch_size * len(self.variants)
        if values > MAX_ACTIVATIONS:
            networks, size = len(self.variants), self.batch_size
            raise refusal("config.activations", networks=networks, count=values, size=size, most=MAX_ACTIVATIONS)

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
