"""How gradients become updates."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shiftscope.config._part import Part


class Sgd(Part):
    """Plain stochastic gradient descent."""

    kind: Literal["sgd"] = "sgd"
    learning_rate: float = Field(0.1, gt=0, le=1e6)


class Momentum(Part):
    """SGD with heavy-ball momentum."""

    kind: Literal["momentum"] = "momentum"
    learning_rate: float = Field(0.05, gt=0, le=1e6)
    momentum: float = Field(0.9, ge=0, lt=1, description="weight of the last update")


class RmsProp(Part):
    """RMSprop."""

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = Field(0.001, gt=0, le=1e6)
    alpha: float = Field(0.99, ge=0, lt=1, description="decay of the mean square")


class Adam(Part):
    """Adam."""

    kind: Literal["adam"] = "adam"
    learning_rate: float = Field(0.001, gt=0, le=1e6)
    beta1: float = Field(0.9, ge=0, lt=1, description="decay of the mean gradient")
    beta2: float = Field(0.999, ge=0, lt=1, description="decay of the mean square")


Optimizer = Annotated[Sgd | Momentum | RmsProp | Adam, Field(discriminator="kind")]


class NoClipping(Part):
    """The gradients as they are."""

    kind: Literal["none"] = "none"


class ClipByValue(Part):
    """Each component of the gradient is cut to [-limit, limit]."""

    kind: Literal["value"] = "value"
    limit: float = Field(0.5, gt=0, le=1e6)


class ClipByNorm(Part):
    """A gradient whose norm over all parameters is above the limit is scaled down to it (Pascanu et al. 2013)."""

    kind: Literal["norm"] = "norm"
    limit: float = Field(1.0, gt=0, le=1e6)


Clipping = Annotated[NoClipping | ClipByValue | ClipByNorm, Field(discriminator="kind")]
