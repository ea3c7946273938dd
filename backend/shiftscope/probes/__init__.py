"""What is measured inside networks while they train: probes, when they run, and how they see without disturbing."""

from __future__ import annotations


def warm_up() -> None:
    """Compile, or load from the cache, all that measuring needs, so that the first recorded step does not wait for it.

    Takes seconds on a machine's first time, a fraction of one later.
    """
    from shiftscope.probes.warm import warm_up as warm  # noqa: PLC0415  importing this package stays cheap

    warm()
