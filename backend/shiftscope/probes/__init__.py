"""What is measured inside networks while they train: probes, when they run, and how they see without disturbing."""

from __future__ import annotations


def warm_up() -> None:
    """Compile, or load from the cache, all that measuring needs, so that the first recorded step does not wait for it.

    Takes seconds on a machine's first time, a fraction of one later.
    """
    import numpy as np  # noqa: PLC0415  importing this package stays cheap

    from shiftscope.probes.execute import execute  # noqa: PLC0415
    from shiftscope.probes.kernels import STATE, STRIDE  # noqa: PLC0415

    execute(
        np.zeros((0, 5), np.int64), np.zeros((1, 4), np.int64), np.zeros(1), np.zeros(1), np.zeros((1, STATE)),
        np.zeros((1, STRIDE), np.int32), np.zeros(1, np.float32),
    )  # fmt: skip
