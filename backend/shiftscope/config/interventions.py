"""What may be done to a network while it trains."""

from __future__ import annotations

from pydantic import Field

from shiftscope.config._part import Part

OF_BATCH_NORM = ("bn_strength", "freeze_affine", "noise")
"""The fields that are about batch normalization."""


class Intervention(Part):
    """What is done to one network from some step on; at its defaults nothing is."""

    freeze_below: str | None = Field(
        None,
        max_length=200,
        description="name of a layer: those below it are not updated, so its inputs stand still",
    )
    bn_strength: float = Field(
        1.0,
        ge=0,
        le=1,
        description="a in (1 - a) x + a BN(x), at each batch normalization: 1 is batch normalization, 0 is none",
    )
    freeze_affine: bool = Field(False, description="gamma and beta of batch normalization are not updated")
    noise: float = Field(
        0.0, ge=0, le=100, description="standard deviation of the noise that is added after batch normalization"
    )

    @property
    def of_batch_norm(self) -> bool:
        """Whether anything is done to batch normalizations."""
        return any(getattr(self, name) != type(self).model_fields[name].default for name in OF_BATCH_NORM)

    def changed(self, change: Intervention) -> Intervention:
        """Return this with the fields that were set in `change`."""
        return self.model_copy(update={name: getattr(change, name) for name in change.model_fields_set})
