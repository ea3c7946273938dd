"""The binary format of CIFAR-10 (Krizhevsky 2009): records of a label and the pixels of a colour image, one byte each.

A record is the label, then the red, the green and the blue channel, each row by row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.lab.data.types import FormatError
from shiftscope.notices import notice


def parse(content: bytes, features: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read records of images of `features` bytes: read-only pixels, shape (N, features), and labels, shape (N,).

    Raises:
        FormatError: the bytes are no whole number of records.
    """
    size = 1 + features
    if len(content) % size:
        raise FormatError(notice("fault.cifar", found=len(content), size=size))
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, size)
    return records[:, 1:], records[:, 0]
