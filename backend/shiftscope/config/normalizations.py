"""How the layers of a variant are normalized."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shiftscope.config._part import Part, refusal

Place = Annotated[Literal["before", "after"], Field(description="before or after the activation function")]
Eps = Annotated[float, Field(gt=0, le=1, description="added to the variance before the square root")]
Momentum = Annotated[float, Field(ge=0, le=1, description="weight of the new batch in the running statistics")]
Affine = Annotated[bool, Field(description="learn a scale (gamma) and a shift (beta) per channel")]


class NoNormalization(Part):
    """No normalization: the plain network."""

    kind: Literal["none"] = "none"


class BatchNormalization(Part):
    """Batch normalization (Ioffe & Szegedy 2015) after every hidden linear map: over the batch, and space."""

    kind: Literal["batch"] = "batch"
    place: Place = "before"
    eps: Eps = 1e-5
    momentum: Momentum = 0.1
    affine: Affine = True
    running: Literal["exponential", "cumulative"] = Field(
        "exponential",
        description="running statistics: an exponential average with the momentum, or the mean over all batches so far",
    )
    sync: bool = Field(
        False, description="SyncBatchNorm: statistics over the batches of all replicas, not of each by itself"
    )


class LayerNormalization(Part):
    """Layer normalization (Ba, Kiros & Hinton 2016): over the units of each sample by itself."""

    kind: Literal["layer"] = "layer"
    place: Place = "before"
    eps: Eps = 1e-5
    affine: Affine = True


class GroupNormalization(Part):
    """Group normalization (Wu & He 2018): over each of some groups of channels, of each sample by itself."""

    kind: Literal["group"] = "group"
    groups: int = Field(8, ge=1, le=4096, description="number of groups; it must divide the number of channels")
    place: Place = "before"
    eps: Eps = 1e-5
    affine: Affine = True


class InstanceNormalization(Part):
    """Instance normalization (Ulyanov et al. 2016): over space, of each channel of each sample by itself."""

    kind: Literal["instance"] = "instance"
    place: Place = "before"
    eps: Eps = 1e-5
    affine: Affine = True


class NoisyBatchNormalization(Part):
    """Batch normalization, then noise that shifts and scales each unit anew at each step (Santurkar et al. 2018)."""

    kind: Literal["noisy_batch"] = "noisy_batch"
    mean: float = Field(0.5, ge=0, le=100, description="a unit's shift is drawn from [-mean, mean] at each step")
    scale: float = Field(0.25, ge=0, le=100, description="a unit's scale is drawn from [1, 1 + scale] at each step")
    jitter: float = Field(0.1, ge=0, le=100, description="spread of shift and scale from sample to sample")
    place: Place = "before"
    eps: Eps = 1e-5
    momentum: Momentum = 0.1
    affine: Affine = True


class Whitening(Part):
    """Batch whitening: decorrelates the channels of a group as well as scaling them (Huang et al. 2018)."""

    kind: Literal["whitening"] = "whitening"
    method: Literal["zca", "cholesky"] = "zca"
    group_size: int = Field(
        16,
        ge=1,
        le=512,
        description="channels whitened together; it must divide their number; 1 is batch normalization",
    )
    place: Place = "before"
    eps: Eps = 1e-3
    momentum: Momentum = 0.1
    affine: Affine = True


Normalization = Annotated[
    NoNormalization
    | BatchNormalization
    | LayerNormalization
    | GroupNormalization
    | InstanceNormalization
    | NoisyBatchNormalization
    | Whitening,
    Field(discriminator="kind"),
]

BATCH_KINDS = frozenset({"batch", "noisy_batch", "whitening"})
"""Kinds that take their statistics over the batch: they need two samples at least."""


def refuse_unsound(variant: str, normalization: Normalization, channels: int, network: str) -> None:
    """Raise PydanticCustomError when layers of so many channels in a `network` of that kind can't be normalized so."""
    match normalization:
        case InstanceNormalization() if network != "cnn":
            raise refusal("config.instance", variant=variant)
        case NoisyBatchNormalization() | Whitening() if network == "rnn":
            raise refusal("config.recurrent", variant=variant, normalization=normalization.kind)
        case GroupNormalization(groups=groups) if channels % groups:
            raise refusal("config.groups", variant=variant, groups=groups, channels=channels)
        case Whitening(group_size=size) if channels % size:
            raise refusal("config.group_size", variant=variant, size=size, channels=channels)
