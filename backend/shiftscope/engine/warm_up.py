"""Having ready what every run measures with; probes declare what they need besides."""

from __future__ import annotations

from shiftscope.kernels.loading import load_in_background, load_now


def warm_up_engine() -> None:
    """Compile, or load from the cache, all that measuring is made of: before a training begins."""
    load_now()


def warm_up_in_background() -> None:
    """Do the same beside a training that has begun; until then the same is measured more slowly."""
    load_in_background()
