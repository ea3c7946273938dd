"""What may be done to a network while it trains."""

from __future__ import annotations

from pydantic import Field

from shiftscope.config._part import Part


class Intervention(Part):
    """What is done to one network from some step on; at its defaults nothing is."""

    freeze_below: str | None = Field(
        None,
        max_length=200,
        description="name of a layer: those below it are not updated, so its inputs stand still",
    )

    def changed(self, change: Intervention) -> Intervention:
        """Return this with the fields that were set in `change`."""
        return self.model_copy(update={name: getattr(change, name) for name in change.model_fields_set})
