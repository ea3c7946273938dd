"""What probes want of the values at a site."""

from __future__ import annotations

from dataclasses import dataclass

from shiftscope.kernels.fused_pass import Want
from shiftscope.tracing.layers import Site


@dataclass
class Wish:
    """What is wanted at a site.

    Attributes:
        site: the site.
        want: what of its values; may be nothing yet.
        channels: how many units or channels there are, where something is wanted of these.
        axis: along which they lie.
        limits: beyond which values are counted.
        gradient: whether the norm of the loss's gradient by these values is wanted.
    """

    site: Site
    want: Want
    channels: int = 0
    axis: int = 1
    limits: tuple[float, float] = (0.0, 0.0)
    gradient: bool = False
