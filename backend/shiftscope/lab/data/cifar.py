"""The binary format of CIFAR-10 (Krizhevsky 2009): records of a label and the pixels of a colour image, one byte each.

A record is the label, then the red, the green and the blue channel, each row by row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class CifarError(ValueError):
    """Bytes that are not records of the kind expected. The message completes "the file ..."."""


def parse(content: bytes, features: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read records of images of `features` bytes: read-only pixels, shape (N, features), and labels, shape (N,).

    Raises:
        CifarError: the bytes are no whole number of records.
    """
    size = 1 + features
    if len(content) % size:
        raise CifarError(
            f"is truncated or something else: {len(content):,} bytes are no whole number of records of {size:,}"
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, size)
    return records[:, 1:], records[:, 0]
